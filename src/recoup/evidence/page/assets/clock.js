// The time below the picture: an axis whose idle stretches are shortened, a histogram of money moved, a slider, play.

const STEPS = 1000;
const BINS = 110;
let axis = null; // {times, places}: places in [0, 1] of the distinct times
let playing = null;

// An idle gap counts at most a thirtieth of the busy time: a night between two hours would else be all one sees.
function buildAxis() {
  const times = [...new Set(picture().items.map((item) => item.time))].filter((time) => time !== null);
  if (!times.length) { axis = { times: [0], places: [1], breaks: [] }; return; }
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  const sorted = [...gaps].sort((a, b) => a - b);
  const busy = sorted.slice(0, Math.ceil(sorted.length * 0.9)).reduce((a, b) => a + b, 0);
  const cap = Math.max(busy / 30, 1e6);
  const breaks = [];
  let at = 0;
  const raw = [0, ...gaps.map((gap, i) => { if (gap > cap * 1.5) breaks.push(i + 1); at += Math.min(gap, cap); return at; })];
  axis = { times, places: raw.map((place) => (at ? 0.02 + (0.98 * place) / at : 1)), breaks };
}

// Index of the last time whose place is at most `place`, or -1.
function lastAt(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1; else high = middle;
  }
  return low - 1;
}

function timeAt(step) {
  if (step >= STEPS) return null;
  const i = lastAt(axis.places, step / STEPS);
  return i < 0 ? axis.times[0] - 1 : axis.times[i];
}

function stepAt(time) {
  if (time === null) return STEPS;
  const i = lastAt(axis.times, time);
  return i < 0 ? 0 : Math.min(Math.ceil(axis.places[i] * STEPS), STEPS - 1);
}

function drawBars() {
  const sums = new Array(BINS).fill(0n);
  const place = new Map(axis.times.map((time, i) => [time, axis.places[i]]));
  for (const item of picture().items) {
    if (item.time === null || !isChosen(item.claim)) continue;
    sums[Math.min(Math.floor(place.get(item.time) * BINS), BINS - 1)] += picture().screening ? 1n : item.amount;
  }
  const most = Number(sums.reduce((a, b) => (a > b ? a : b), 1n));
  const svg = byId("bars");
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${BINS} 40`);
  svg.setAttribute("aria-label", say("time_help"));
  sums.forEach((sum, i) => {
    // Square roots, so that small movements beside a very large one are still seen.
    const height = 40 * Math.sqrt(Number(sum) / most);
    if (sum > 0n) element("rect", { x: i + 0.12, width: 0.76, y: 40 - Math.max(height, 1), height: Math.max(height, 1) }, svg);
  });
  const marks = new Set();
  for (const i of axis.breaks) marks.add(Math.round(axis.places[i] * 200) / 2);
  const ticks = byId("ticks");
  ticks.replaceChildren();
  for (const left of marks) {
    const mark = document.createElement("i");
    mark.textContent = "≈";
    mark.style.left = `${left}%`;
    ticks.append(mark);
  }
  const ends = [[0, axis.times[0]], [100, axis.times[axis.times.length - 1]]];
  ends.forEach(([left, time], i) => {
    const end = document.createElement("span");
    end.textContent = axis.times.length > 1 || i ? when(time) : "";
    end.className = left ? "last" : "first";
    ticks.append(end);
  });
  // A mark half behind the words of an end looks like a cut figure.
  const words = [...ticks.querySelectorAll("span")].map((end) => end.getBoundingClientRect());
  for (const mark of ticks.querySelectorAll("i")) {
    const box = mark.getBoundingClientRect();
    if (words.some((end) => box.left < end.right && end.left < box.right)) mark.remove();
  }
}

function updateClock(shown) {
  const step = stepAt(state.time);
  const slider = byId("time");
  slider.value = step;
  const limit = (step / STEPS) * BINS;
  for (const bar of byId("bars").children) bar.classList.toggle("later", Number(bar.getAttribute("x")) >= limit);
  const drawn = picture();
  const reached = drawn.nodes.reduce((total, node, i) => (node.isOut ? total + shown.nodes[i].arrived : total), 0n);
  const exited = state.time === null ? sums().exited : reached;
  const until = state.time === null ? say("time_end") : say("time_until", { t: when(state.time) });
  slider.setAttribute("aria-label", say("time"));
  slider.setAttribute("aria-valuetext", until);
  byId("time-text").replaceChildren(made("strong", until), ...(drawn.screening ? [] : [made("span", `${say("exited")} ${money(exited)}`)]), made("span", say("zone", { zone: DATA.zone })));
  byId("whole-note").classList.toggle("unseen", state.time === null);
  const play = byId("play");
  play.textContent = playing ? "❚❚" : "▶";
  play.setAttribute("aria-label", say(playing ? "pause" : "play"));
}

function stop() {
  if (playing) clearInterval(playing);
  playing = null;
}

// Play in about fifteen seconds; with reduced motion in twelve still steps.
function play() {
  if (playing) { stop(); refresh(); return; }
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const stride = calm ? Math.ceil(STEPS / 12) : 7;
  let step = state.time === null ? 0 : stepAt(state.time);
  playing = setInterval(() => {
    step += stride;
    state.time = timeAt(step);
    if (step >= STEPS) stop();
    refresh();
  }, calm ? 900 : 100);
  state.time = timeAt(step);
  refresh();
}
