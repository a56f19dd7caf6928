for (const button of document.querySelectorAll(".copy")) {
  const code = button.parentElement.querySelector("code");
  const select = () => getSelection().selectAllChildren(code);
  button.hidden = false;
  button.addEventListener("click", async () => {
    // A page from a file may be refused the clipboard: then the text is marked, ready to be copied.
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      select();
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
