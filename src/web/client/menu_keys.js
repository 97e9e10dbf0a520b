// On narrow screens the menu is a check box, which works without scripts. With them, Enter toggles
// it and Escape closes it.
{
  document.addEventListener("keydown", (event) => {
    const box = document.querySelector("#menu");
    if (!(box instanceof HTMLInputElement)) return;
    if (event.key === "Enter" && event.target === box) box.checked = !box.checked;
    if (event.key !== "Escape" || !box.checked) return;
    box.checked = false;
    box.focus();
  });
}
