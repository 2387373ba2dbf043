// The check box in a table's head picks all rows of the page; a count says how many are picked.
const show = (root) => {
  for (const box of root.querySelectorAll("[data-pick-all][hidden]")) box.hidden = false;
};
show(document);
document.addEventListener("htmx:load", (event) => show(event.target));
document.addEventListener("change", (event) => {
  const panel = event.target.closest(".panel");
  if (!panel) return;
  const picks = [...panel.querySelectorAll(".pick")];
  const all = panel.querySelector("[data-pick-all]");
  if (event.target === all) for (const pick of picks) pick.checked = all.checked;
  const picked = picks.filter((pick) => pick.checked).length;
  if (all) {
    all.checked = picked > 0 && picked === picks.length;
    all.indeterminate = picked > 0 && picked < picks.length;
  }
  const count = panel.querySelector("[data-picked]");
  if (count) count.textContent = `${picked} selected`;
});
