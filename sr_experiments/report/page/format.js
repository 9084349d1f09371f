/** A number with a true minus sign; "–" where there is none. */
function fixed(value, digits, signed = false) {
  if (value === null) return "–";
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  if (value < 0) return `−${text}`;
  return signed ? `+${text}` : text;
}

/** Four significant digits. */
function brief(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return value.toLocaleString("en", {
    minimumSignificantDigits: 4,
    maximumSignificantDigits: 4,
    useGrouping: false,
  });
}

/** Seconds as "1 h 5 min", "3 min 20 s" or "12.3 s". */
function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The first number in a text, or null: "36.90 ± 0.05" is 36.9, "never" is null. */
function firstNumber(text) {
  const found = text.replaceAll("−", "-").match(/-?\d+(\.\d+)?(e[+-]?\d+)?/i);
  return found ? Number(found[0]) : null;
}

function seedsInWords(count) {
  return count === 1 ? "1 seed" : `${count} seeds`;
}
