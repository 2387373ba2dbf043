// A form with data-changes names what was changed in its save bar and asks before it is left.
for (const form of document.querySelectorAll("form[data-changes]")) {
  const bar = form.querySelector(".savebar > :first-child");
  const before = new Map([...form.elements].map((field) => [field, state(field)]));
  // A form that came back with errors holds changes that the page did not start with.
  let isDirty = form.querySelector('[aria-invalid="true"]') !== null;

  form.addEventListener("input", () => {
    const changed = [...before].filter(([field, was]) => state(field) !== was).map(([field]) => name(field));
    isDirty = changed.length > 0;
    if (bar) bar.textContent = summary([...new Set(changed)]);
  });
  form.addEventListener("reset", () => setTimeout(() => form.dispatchEvent(new Event("input"))));
  form.addEventListener("submit", () => { isDirty = false; });
  window.addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
}

function state(field) {
  return field.type === "checkbox" || field.type === "radio" ? field.checked : field.value;
}

function name(field) {
  const label = field.labels?.[0];
  const text = label?.querySelector("span")?.firstChild ?? label?.firstChild;
  return text?.textContent.trim().toLowerCase() || field.name;
}

function summary(names) {
  if (!names.length) return "Nothing changed yet";
  return `${names.length} ${names.length === 1 ? "change" : "changes"}: ${names.join(", ")}`;
}
