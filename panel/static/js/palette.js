// Ctrl K opens the search of the top bar; arrows move through what it found, Enter opens the first.
const palette = document.getElementById("palette");

if (palette) {
  const input = palette.querySelector("input");
  const links = () => [...palette.querySelectorAll("#found a")];

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    palette.togglePopover();
  });

  palette.addEventListener("toggle", (event) => {
    if (event.newState === "open") input.select();
  });

  palette.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      // The first one is marked while the input has the focus, so the next step leads to the second.
      const found = links();
      const at = document.activeElement === input ? 0 : found.indexOf(document.activeElement);
      const next = Math.max(at + step, -1);
      event.preventDefault();
      (next < 0 || !found.length ? input : found[Math.min(next, found.length - 1)]).focus();
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && document.activeElement !== input) {
      input.focus();
    }
  });

  palette.querySelector("form").addEventListener("submit", (event) => {
    // Only what was found for the words that stand there now; else the page of the search answers.
    const first = links()[0];
    if (!first || palette.querySelector("#found").dataset.q !== input.value) return;
    event.preventDefault();
    first.click();
  });
}
