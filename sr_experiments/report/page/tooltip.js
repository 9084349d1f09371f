const TOOLTIP_LINES = 8;

/** The values under the pointer, in a box beside it; screen readers have the tables instead. */
function tooltip(parts, view, styles) {
  const box = make("div", { class: "tooltip", "aria-hidden": "true", hidden: true });
  const means = parts.flatMap((part, place) => (part.role === "mean" ? [place + 1] : []));

  /** The means nearest to the pointer, from high to low: {column, value}. */
  function nearest(chart) {
    const { idxs, top } = chart.cursor;
    return means
      .map((column) => ({ column, value: chart.data[column][idxs[column]] ?? null }))
      .filter(({ value }) => value !== null)
      .map((mean) => ({ ...mean, distance: Math.abs(chart.valToPos(mean.value, "y") - top) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, TOOLTIP_LINES)
      .sort((a, b) => b.value - a.value);
  }

  function lineOf({ column, value }) {
    const style = styles.get(parts[column - 1].variant);
    const name = make("span", { class: "name" }, style.name);
    return make("div", { class: "line" }, swatch(style), name, make("b", {}, brief(value)));
  }

  function move(chart) {
    const { left, top, idx } = chart.cursor;
    const shown = idx === null || left < 0 ? [] : nearest(chart).map(lineOf);
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
