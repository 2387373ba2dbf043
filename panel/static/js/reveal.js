// The eye beside a password shows what was typed, and hides it again.
for (const box of document.querySelectorAll("[data-reveal]")) {
  const input = box.querySelector("input");
  const button = box.querySelector("button");
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = input.type === "password";
    input.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    button.setAttribute("aria-label", isShown ? "Hide the password" : "Show the password");
  });
  // A password must not be kept among the texts that a browser suggests.
  input.form?.addEventListener("submit", () => { input.type = "password"; });
}
