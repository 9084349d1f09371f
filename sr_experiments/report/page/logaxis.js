// uPlot rounds a logarithmic axis to whole decades and labels it from where it starts, which
// wastes most of the height on values like 28 to 37; these ranges and ticks fit the values.

/** The range of a logarithmic axis, rounded outwards to one digit; both values are positive. */
function logRange(low, high) {
  if (low === high) return [low / 2, high * 2];
  const unitOf = (value) => 10 ** Math.floor(Math.log10(value));
  const round = (value) => Number(value.toPrecision(12));
  return [
    round(Math.floor(low / unitOf(low)) * unitOf(low)),
    round(Math.ceil(high / unitOf(high)) * unitOf(high)),
  ];
}

function decadeTicks(digits, low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
    ticks.push(...digits.map((digit) => Number(`${digit}e${power}`)));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

function evenTicks(low, high) {
  const rough = (high - low) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * unit).find((size) => size >= rough);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return [...Array(count).keys()].map((place) => Number(((first + place) * step).toPrecision(12)));
}

/** Three to seven ticks where that can be: few digits of each decade, or even steps within one. */
function logTicks(low, high) {
  const choices = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]];
  const ticks = choices.map((digits) => decadeTicks(digits, low, high));
  const fitting = ticks.find((list) => list.length <= 7) ?? ticks.at(-1);
  return fitting.length < 3 ? evenTicks(low, high) : fitting;
}
