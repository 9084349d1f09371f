/** The values under the pointer, in a box beside it; screen readers have the tables instead. */
function tooltip(parts, view, styles) {
  const box = make("div", { class: "tooltip", "aria-hidden": "true", hidden: true });
  const means = parts.flatMap((part, place) => (part.role === "mean" ? [place + 1] : []));

  function lineOf(chart, column) {
    const place = chart.cursor.idxs[column];
    const value = place === null ? null : chart.data[column][place];
    if (value === null || value === undefined) return null;
    const style = styles.get(parts[column - 1].configuration);
    return make("div", {}, swatch(style), `${style.name} `, make("b", {}, brief(value)));
  }

  function move(chart) {
    const { left, top, idx } = chart.cursor;
    const lines = idx === null || left < 0 ? [] : means.map((column) => lineOf(chart, column));
    const shown = lines.filter((line) => line !== null);
    box.hidden = shown.length === 0;
    if (box.hidden) return;
    const x = chart.data[0][idx];
    const words = view.x === "seconds" ? duration(x) : `${view.x} ${brief(x).replace(/\.0+$/, "")}`;
    box.replaceChildren(make("div", { class: "where" }, words), ...shown);
    const rightHalf = left > chart.over.clientWidth / 2;
    box.style.left = `${rightHalf ? left - box.offsetWidth - 14 : left + 14}px`;
    box.style.top = `${Math.max(0, Math.min(top, chart.over.clientHeight - box.offsetHeight))}px`;
  }

  return { hooks: { init: [(chart) => chart.over.append(box)], setCursor: [move] } };
}
