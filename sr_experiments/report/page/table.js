const wordOrder = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Orders two keys, numbers or texts; null, a missing value, comes last in both directions. */
function compareKeys(first, second, direction) {
  if (first === null || second === null) return (first === null) - (second === null);
  const numbers = typeof first === "number" && typeof second === "number";
  return direction * (numbers ? first - second : wordOrder.compare(first, second));
}

/** A cell of a table: what is shown, and the key that it is sorted by. */
function cell(shown, key = shown) {
  return { shown, key };
}

function headerCell(column, sort) {
  const prefix = column.group ? make("span", { class: "unseen" }, `${column.group} `) : null;
  const arrow = make("span", { class: "arrow", "aria-hidden": "true" });
  const button = make("button", { type: "button", onclick: sort }, prefix, column.label, arrow);
  const classes = `${column.numeric ? "number" : ""} ${column.edge ? "edge" : ""}`.trim();
  return make("th", { scope: "col", class: classes || null }, button);
}

/** The row of headings over several columns, or null; columns without a group leave a blank. */
function groupRow(columns) {
  if (!columns.some((column) => column.group)) return null;
  const cells = [];
  for (let start = 0; start < columns.length;) {
    const { group } = columns[start];
    let end = start + 1;
    while (group && end < columns.length && columns[end].group === group) end += 1;
    const attributes = { colspan: end - start };
    if (group) cells.push(make("th", { ...attributes, scope: "colgroup", class: "edge" }, group));
    else cells.push(make("td", attributes));
    start = end;
  }
  return make("tr", { class: "groups" }, ...cells);
}

function bodyRow(cells, columns) {
  const nodes = cells.map(({ shown }, index) => {
    const { numeric, edge } = columns[index];
    const classes = `${numeric ? "number" : ""} ${edge ? "edge" : ""}`.trim() || null;
    return index === 0
      ? make("th", { scope: "row" }, shown)
      : make("td", { class: classes }, shown);
  });
  return make("tr", {}, ...nodes);
}

/**
 * A table that its header buttons sort, inside a region that scrolls sideways.
 * Columns are {label, group, numeric, edge}; rows are lists of cells, the first names the row.
 */
function sortableTable(name, columns, rows) {
  const lines = rows.map((cells) => ({ cells, node: bodyRow(cells, columns) }));
  const body = make("tbody", {}, ...lines.map((line) => line.node));
  const headers = columns.map((column, index) => headerCell(column, () => sortBy(index)));

  function sortBy(index) {
    const descending = headers[index].getAttribute("aria-sort") === "ascending";
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    headers[index].setAttribute("aria-sort", descending ? "descending" : "ascending");
    const direction = descending ? -1 : 1;
    const sorted = [...lines].sort((a, b) =>
      compareKeys(a.cells[index].key, b.cells[index].key, direction),
    );
    body.append(...sorted.map((line) => line.node));
  }

  const head = make("thead", {}, groupRow(columns), make("tr", {}, ...headers));
  const table = make("table", { "aria-label": name }, head, body);
  return make(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": `${name}: table` },
    table,
  );
}
