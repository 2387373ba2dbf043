// The cross on a message closes it.
function show(root) {
  for (const button of root.querySelectorAll("[data-dismiss][hidden]")) button.hidden = false;
}

document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast, .note")?.remove());
document.addEventListener("htmx:load", (event) => show(event.target));
show(document);
