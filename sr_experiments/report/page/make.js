/** Makes an element. Children are nodes or texts; texts are never read as HTML. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** Fills a select with [value, words] pairs and chooses one. */
function fill(select, pairs, chosen) {
  select.replaceChildren(...pairs.map(([value, words]) => make("option", { value }, words)));
  select.value = String(chosen);
}

/** Four significant digits. */
function brief(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  const digits = { minimumSignificantDigits: 4, maximumSignificantDigits: 4 };
  return value.toLocaleString("en", { ...digits, useGrouping: false });
}

/** Seconds as "1 h 5 min", "3 min 20 s" or "12.3 s". */
function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
