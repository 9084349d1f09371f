const wordOrder = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** What a row is sorted by: a number in columns of numbers, else a text; null is missing. */
function keyOf(row, column, numeric) {
  const { key } = row.cells[column].dataset;
  if (key === undefined) return null;
  return numeric ? Number(key) : key;
}

/** Orders two keys; a missing one comes last in both directions. */
function compareKeys(first, second, direction) {
  if (first === null || second === null) return (first === null) - (second === null);
  const numbers = typeof first === "number";
  return direction * (numbers ? first - second : wordOrder.compare(first, second));
}

/** Lets the buttons in its headings sort a table. */
function makeSortable(table) {
  const [body] = table.tBodies;
  const heads = [...table.tHead.rows].at(-1).cells;
  function sortBy(head) {
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction < 0 ? "descending" : "ascending");
    const key = (row) => keyOf(row, head.cellIndex, head.classList.contains("number"));
    body.append(...[...body.rows].sort((a, b) => compareKeys(key(a), key(b), direction)));
  }
  for (const head of heads) {
    head.querySelector("button").addEventListener("click", () => sortBy(head));
  }
}
