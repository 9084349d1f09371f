/** Copies a text that is shown; where the browser forbids that, selects it for the reader. */
async function copyText(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return "copied";
  } catch {
    window.getSelection().selectAllChildren(node);
    return document.execCommand("copy") ? "copied" : "selected: press Ctrl+C";
  }
}

function startCopying(row) {
  row.querySelector("button").addEventListener("click", async () => {
    row.querySelector("[role=status]").textContent = await copyText(row.querySelector("code"));
  });
}

document.querySelectorAll("table").forEach(makeSortable);
document.querySelectorAll(".command").forEach(startCopying);
startPictures();
startCurves(JSON.parse(document.getElementById("content").textContent));
