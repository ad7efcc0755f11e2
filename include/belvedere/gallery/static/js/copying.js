// Copying text: by the clipboard where the page may use it, by a selection where it may not (http, older browsers).
export async function copyText(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text, field);
  }
}

function copyOldWay(text, field) {
  const area = field ?? document.body.appendChild(document.createElement("textarea"));
  if (area !== field) {
    area.value = text;
    area.className = "hidden";
  }
  area.select();
  const copied = document.execCommand("copy");
  if (area !== field) area.remove();
  return copied;
}

// Say on the button itself what came of it.
export async function copyFrom(button, text, field) {
  const before = button.dataset.label ?? button.textContent;
  button.dataset.label = before;
  button.textContent = (await copyText(text, field)) ? "copied" : "press Ctrl+C";
  setTimeout(() => (button.textContent = before), 2000);
}
