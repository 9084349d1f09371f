function publishedText(entry, digits) {
  if (entry.published === null) return "–";
  return fixed(entry.published, digits) + (entry.verified ? "" : "*");
}

/** The mean with its half width; seeds and notes stand below it. */
function measuredNode(entry, digits) {
  const remarks = entry.seeds > 0 ? [seedsInWords(entry.seeds)] : [];
  if (entry.note) remarks.push(entry.note);
  const half = entry.half_width === null ? "" : ` ± ${fixed(entry.half_width, digits)}`;
  const value = entry.measured === null ? "–" : fixed(entry.measured, digits) + half;
  const below = remarks.length ? make("span", { class: "remark" }, remarks.join(" · ")) : null;
  return make("span", {}, value, below);
}

function differenceOf(entry) {
  const known = entry.published !== null && entry.measured !== null;
  return known ? entry.measured - entry.published : null;
}

/** The cells of one column of the results; without published values only the measured one. */
function cellsOf(entry, digits, compared) {
  const measured = cell(measuredNode(entry, digits), entry.measured);
  if (!compared) return [measured];
  const difference = differenceOf(entry);
  return [
    cell(publishedText(entry, digits), entry.published),
    measured,
    cell(fixed(difference, digits, true), difference),
  ];
}

/** The table of published and measured values. */
function resultsSection(results) {
  const { columns, rows, digits } = results;
  const entries = rows.flatMap((row) => row.cells);
  const compared = columns.map((_, place) =>
    rows.some((row) => row.cells[place].published !== null),
  );
  const heads = columns.flatMap((group, place) => {
    const labels = compared[place] ? ["published", "measured", "difference"] : ["measured"];
    return labels.map((label, index) => ({ group, label, numeric: true, edge: index === 0 }));
  });
  const lines = rows.map((row) => {
    const remark =
      row.configuration === null && row.cells.every((entry) => entry.measured === null)
        ? make("span", { class: "remark" }, "not run here")
        : null;
    const name = cell(make("span", {}, row.name, remark), row.name);
    return [name, ...row.cells.flatMap((entry, place) => cellsOf(entry, digits, compared[place]))];
  });
  const doubtful = entries.some((entry) => entry.published !== null && !entry.verified);
  const halved = entries.some((entry) => entry.half_width !== null);
  return [
    make("p", {}, results.caption),
    sortableTable("Results", [{ label: "method" }, ...heads], lines),
    doubtful
      ? make(
          "p",
          { class: "hint" },
          "* Published value given from memory, not checked against its source.",
        )
      : null,
    halved
      ? make(
          "p",
          { class: "hint" },
          "±: half width of the confidence interval of the mean over seeds.",
        )
      : null,
  ];
}
