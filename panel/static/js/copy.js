// Buttons with data-copy put its text on the clipboard. They stay hidden where that can't work.
const TICK_MS = 2000;

function show(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.dataset.done = "";
  const label = button.getAttribute("aria-label");
  if (label) button.setAttribute("aria-label", "Copied");
  setTimeout(() => {
    delete button.dataset.done;
    if (label) button.setAttribute("aria-label", label);
  }, TICK_MS);
});

document.addEventListener("htmx:load", (event) => show(event.target));
show(document);
