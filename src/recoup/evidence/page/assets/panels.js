// Everything in words and figures: summary, legend, side panel, tables. Text is always set as text, never as markup.

function made(name, text = "", className = "") {
  const node = document.createElement(name);
  if (text !== "") node.textContent = text;
  if (className) node.className = className;
  return node;
}

function linkTo(node, text) {
  const button = made("button", text, "link");
  button.type = "button";
  button.addEventListener("click", () => choose(node.key, true));
  return button;
}

// A row `name - bar - amount` of a list; the bar shows the part of the largest.
function meterRow(node, name, note, amount, most, status) {
  const item = made("li", "", `meter s-${status}`);
  const head = made("div");
  head.append(linkTo(node, name), made("b", picture().screening ? "" : money(amount)));
  item.append(head);
  if (note) item.append(made("small", note));
  const bar = made("i");
  bar.style.width = `${most > 0n ? Number((amount * 1000n) / most) / 10 : 0}%`;
  item.append(bar);
  return item;
}

function longList(parent, rows, most, make) {
  const list = made("ul", "", "plain");
  rows.slice(0, most).forEach((row) => list.append(make(row)));
  parent.append(list);
  if (rows.length <= most) return;
  const more = made("button", `${say("show_all")} (${count(rows.length)})`, "more");
  more.type = "button";
  more.addEventListener("click", () => { rows.slice(most).forEach((row) => list.append(make(row))); more.remove(); });
  parent.append(more);
}

// --- summary -----------------------------------------------------------------------------------------------------------

function drawSummary() {
  const total = sums();
  const free = total.located - total.held;
  const box = byId("figures");
  box.replaceChildren();
  const parts = [["loss", total.loss], ["held", total.held], ["located_free", free], ["exited", total.exited], ["unknown", total.unknown]];
  if (total.residual) parts.push(["residual", total.residual]);
  parts.push(["recoverable", total.recoverable]);
  for (const [name, amount] of parts) {
    const pair = made("div", "", `figure f-${name}`);
    pair.append(made("dt", say(name)), made("dd", picture().screening ? "-" : money(amount)));
    if (!picture().screening && total.loss > 0n && name !== "loss") pair.append(made("dd", percent(amount, total.loss), "percent"));
    box.append(pair);
  }
  const share = byId("share");
  share.replaceChildren();
  share.hidden = picture().screening;
  byId("summary").hidden = picture().screening;
  share.setAttribute("aria-label", parts.slice(1, 5).map(([name, amount]) => `${say(name)} ${percent(amount, total.loss)}`).join(", "));
  const shares = [["held", total.held], ["located", free], ["exited", total.exited], ["unknown", total.unknown], ["residual", total.residual]];
  for (const [name, amount] of shares) {
    if (amount <= 0n || total.loss <= 0n) continue;
    const part = made("span", "", `fill-${name}`);
    part.style.flexGrow = Number((amount * 10000n) / total.loss) + 1;
    share.append(part);
  }
  byId("screening").hidden = !picture().screening;
}

function percent(part, whole) {
  if (whole <= 0n) return "";
  const tenths = (part * 1000n) / whole;
  return `${tenths / 10n}.${tenths % 10n} %`;
}

function drawLegend() {
  const list = byId("legend");
  list.replaceChildren();
  for (const name of ["victim", "passed", "located_free", "held", "exited", "unknown", "unproved", "back"]) {
    const item = made("li", "", `key-${name}`);
    item.append(made("i"), made("span", say(name)));
    list.append(item);
  }
}

// --- side panel --------------------------------------------------------------------------------------------------------

function drawSide(shown) {
  const side = byId("side");
  const top = side.dataset.key === state.node ? side.scrollTop : 0;
  side.dataset.key = state.node;
  const focusWas = side.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  side.replaceChildren();
  const node = picture().byKey.get(state.node);
  if (node) drawAccount(side, node, shown); else drawOverview(side, shown);
  side.scrollTop = top;
  if (focusWas) side.querySelector(`[data-focus="${focusWas}"]`)?.focus();
}

function drawOverview(side, shown) {
  const drawn = picture();
  const title = made("h2", say(state.time === null ? "where_now" : "where_then"));
  title.id = "side-title";
  side.append(title, made("p", say("select_hint"), "hint"));
  const by = (part) => (a, b) => (shown.nodes[b.i][part] > shown.nodes[a.i][part] ? 1 : shown.nodes[b.i][part] < shown.nodes[a.i][part] ? -1 : a.i - b.i);
  const located = drawn.nodes.filter((node) => isPlace(node) && shown.nodes[node.i].located > 0n).sort(by("located"));
  const note = (node) => {
    const now = shown.nodes[node.i];
    const parts = [labelOf(node) === grouped(node.account) ? "" : grouped(node.account), node.institution];
    if (now.held > 0n) parts.push(`${say("held")} ${money(now.held)}`);
    return parts.filter(Boolean).join(" · ");
  };
  const most = (rows, part) => rows.reduce((a, node) => (shown.nodes[node.i][part] > a ? shown.nodes[node.i][part] : a), 0n);
  const elsewhere = drawTogether(drawn, shown);
  if (!located.length && !elsewhere.located && !drawn.screening) side.append(made("p", say("where_none"), "hint"));
  longList(side, located, 8, (node) => {
    const now = shown.nodes[node.i];
    return meterRow(node, labelOf(node), note(node), now.located, most(located, "located"), now.held === now.located ? "held" : "located");
  });
  side.append(...elsewhere.rows("located"));
  const unknown = drawn.nodes.filter((node) => node.sort === "unknown" && !node.account.startsWith("link:") && (shown.nodes[node.i].unknown > 0n || (drawn.screening && shown.nodes[node.i].touched))).sort(by("unknown"));
  if (unknown.length || elsewhere.unknown) {
    side.append(made("h3", say("frontier")));
    longList(side, unknown, 5, (node) => meterRow(node, labelOf(node), note(node), shown.nodes[node.i].unknown, most(unknown, "unknown"), "unknown"));
    side.append(...elsewhere.rows("unknown"));
  }
  const exits = drawn.nodes.filter((node) => node.isOut && shown.nodes[node.i].touched).sort(by("arrived"));
  if (exits.length) {
    side.append(made("h3", say("exits_by_kind")));
    longList(side, exits, 8, (node) => meterRow(node, labelOf(node), node.account ? note(node) : "", shown.nodes[node.i].arrived, most(exits, "arrived"), "exited"));
  }
}

// What lies in accounts that are not drawn one by one. How much that is, the trail says for the end only.
function drawTogether(drawn, shown) {
  const rest = { located: 0n, unknown: 0n };
  if (state.time === null && !drawn.screening) {
    const whole = sums();
    for (const part of ["located", "unknown"]) rest[part] = shown.nodes.reduce((left, node) => left - node[part], whole[part]);
  }
  const isLater = state.time !== null && drawn.nodes.some((node) => node.sort === "others" && !node.isOut);
  const rows = (part) => {
    if (rest[part] > 0n) return [made("p", `${say("elsewhere")} ${money(rest[part])}`, "elsewhere")];
    return isLater && part === "located" ? [made("p", say("elsewhere_later"), "hint elsewhere")] : [];
  };
  return { ...rest, rows };
}

function drawAccount(side, node, shown) {
  const drawn = picture();
  const now = shown.nodes[node.i];
  const head = made("div", "", "who");
  const title = made("h2", labelOf(node));
  title.id = "side-title";
  const close = made("button", "×", "close");
  close.type = "button";
  close.dataset.focus = "close";
  close.setAttribute("aria-label", say("close"));
  close.addEventListener("click", () => choose(""));
  head.append(title, close);
  side.append(head);
  if (node.account && grouped(node.account) !== labelOf(node)) side.append(made("p", grouped(node.account), "number"));
  const tags = made("p", "", "tags");
  tags.append(made("span", statusWord(node, now), `tag s-${node.sort === "account" && now.located > 0n ? (now.held === now.located ? "held" : "located") : node.status}`));
  if (node.institution) tags.append(made("span", node.institution));
  side.append(tags);
  const facts = made("dl", "", "facts");
  const fact = (name, value) => { if (value) facts.append(made("dt", say(name)), made("dd", value)); };
  if (!drawn.screening) {
    if (node.edgesIn.length) fact("arrived", money(now.arrived));
    if (node.edgesOut.length) fact("left", money(now.left));
    if (node.sort === "account" || now.located > 0n) fact(state.time === null ? "still" : "at_time", money(now.located));
    if (now.held > 0n) fact("held", money(now.held));
    if (now.unknown > 0n) fact("unknown", money(now.unknown));
  }
  const known = DATA.accounts[state.cur]?.[node.account];
  if (known) {
    const [standing, depth, basis, opening, assumed, balance] = known;
    fact("standing", say(standing === "unknown" ? "standing_unknown" : standing));
    if (depth > 0) fact("depth", String(depth));
    if (standing !== "unknown" && opening !== null && basis) fact("opening", `${money(BigInt(opening))} (${say(`basis_${basis}`)})`);
    if (assumed && assumed !== "0") fact("assumed_credit", money(BigInt(assumed)));
    if (standing !== "unknown" && balance !== null) fact("balance", money(BigInt(balance)));
  }
  side.append(facts);
  drawTimeline(side, node);
}

// Rows of the account by time, as the statements have them; rows of one transfer for several claims are one row.
function drawTimeline(side, node) {
  const drawn = picture();
  const rows = new Map();
  for (const i of [...node.edgesIn, ...node.edgesOut]) {
    const edge = drawn.edges[i];
    const isIn = edge.target === node.i;
    for (const item of edge.items) {
      if (!isChosen(item.claim)) continue;
      const key = `${i} ${item.transfer ? item.transfer.i : `rest ${item.claim}`}`;
      const row = rows.get(key) ?? rows.set(key, { isIn, item, edge, amount: 0n, mark: 0, number: 0, claims: new Set() }).get(key);
      row.amount += item.amount;
      row.mark |= item.mark;
      row.number += item.number;
      row.claims.add(item.claim);
    }
  }
  const until = state.time ?? Infinity;
  const all = [...rows.values()].sort((a, b) => a.item.time - b.item.time || a.item.place - b.item.place);
  side.append(made("h3", `${say("timeline")} · ${say("timeline_count", { n: count(all.length) })}`));
  side.append(made("p", say("zone", { zone: DATA.zone }), "hint"));
  const list = made("ol", "", "timeline");
  let day = "";
  const add = (row) => {
    const date = when(row.item.time).slice(0, 10);
    if (date !== day) { list.append(made("li", date, "day")); day = date; }
    list.append(timelineRow(row, node, row.item.time > until));
  };
  all.slice(0, 120).forEach(add);
  side.append(list);
  if (all.length > 120) {
    const more = made("button", `${say("show_all")} (${count(all.length)})`, "more");
    more.type = "button";
    more.addEventListener("click", () => { all.slice(120).forEach(add); more.remove(); });
    side.append(more);
  }
}

function timelineRow({ isIn, item, edge, amount, mark, number, claims }, node, isLater) {
  const drawn = picture();
  const row = made("li", "", `${isIn ? "in" : "out"}${isLater ? " later" : ""}`);
  const other = drawn.nodes[isIn ? edge.source : edge.target];
  row.append(made("time", when(item.time, false)));
  row.append(made("b", drawn.screening ? (isIn ? "→" : "←") : `${isIn ? "+" : "−"}${money(amount)}`));
  const whole = item.transfer?.amount;
  const who = made("span", "", "with");
  who.append(linkTo(other, labelOf(other)));
  row.append(who);
  const notes = [];
  if (item.transfer) {
    if (!drawn.screening && whole !== amount) notes.push(say("of_whole", { amount: money(whole) }));
    notes.push(say(`kind_${item.transfer.kind}`), item.transfer.id, item.transfer.cite);
  } else {
    notes.push(say("transfers_count", { n: count(number) }));
  }
  if (mark & 1) notes.push(say("inferred"));
  if (mark & 2) notes.push(say("asserted"));
  const names = [...claims].filter((claim) => claim >= 0).map((claim) => DATA.claims[claim][0]);
  if (names.length) notes.push(names.length > 6 ? `${names.slice(0, 6).join(" ")} +${names.length - 6}` : names.join(" "));
  row.append(made("small", notes.filter(Boolean).join(" · ")));
  return row;
}

// --- tables ------------------------------------------------------------------------------------------------------------

function table(title, note, heads, rows, numeric) {
  const section = made("section", "", "card");
  const head = made("h2", title);
  section.append(head);
  if (note) section.append(made("p", note, "hint"));
  const scroll = made("div", "", "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", title);
  const grid = made("table");
  const top = made("tr");
  heads.forEach((text, i) => { const cell = made("th", text, numeric.includes(i) ? "number" : ""); cell.scope = "col"; top.append(cell); });
  const body = made("tbody");
  for (const row of rows) {
    const line = made("tr");
    row.forEach((value, i) => {
      const cell = made("td", "", numeric.includes(i) ? "number" : "");
      if (value instanceof Node) cell.append(value); else cell.textContent = value;
      line.append(cell);
    });
    body.append(line);
  }
  const header = made("thead");
  header.append(top);
  grid.append(header, body);
  scroll.append(grid);
  section.append(scroll);
  return section;
}

function drawTables() {
  const box = byId("tables");
  const drawn = picture();
  box.replaceChildren(drawn.screening ? claimsNamed() : claimsTable());
  if (DATA.leads.length) {
    const rows = DATA.leads.map(([account, transfer, payee, currency, amount, time]) => {
      const node = drawn.byKey.get(`a:${account}`);
      return [node ? linkTo(node, labelOf(node)) : grouped(account), when(time), money(BigInt(amount), currency), grouped(payee), transfer];
    });
    const more = DATA.leads_total > rows.length ? ` ${say("and_more", { n: count(DATA.leads_total - rows.length) })}` : "";
    box.append(table(say("leads"), say("leads_note") + more, [say("account"), say("time"), say("amount"), say("payee"), say("transfer")], rows, [2]));
  }
  const notes = made("section", "", "card");
  notes.append(made("h2", say("assumptions")));
  const list = made("ul", "", "assumptions");
  const sentences = DATA.assumptions.map((pair) => pair[state.lang === "zh" ? 0 : 1]);
  for (const text of sentences.length ? sentences : [say("none")]) list.append(made("li", text));
  notes.append(list);
  box.append(notes);
  const rows = DATA.sources.map(([file, sheet, digest, number, by, at, paper]) => [
    sheet ? `${file} [${sheet}]` : file, count(number), [by, at, paper].filter(Boolean).join(" · "), made("code", digest),
  ]);
  const more = DATA.sources_total > rows.length ? say("and_more", { n: count(DATA.sources_total - rows.length) }) : "";
  box.append(table(say("inputs"), more, [say("file"), say("rows"), say("supplied"), "SHA-256"], rows, [1]));
  byId("foot").textContent = say("made_by", { version: DATA.version });
}

// Under a rule with reach only there is no amount of any claim to tell.
function claimsNamed() {
  const here = DATA.claims.filter((claim) => claim[3] === state.cur);
  const more = DATA.claims.length < DATA.claims_total ? say("and_more", { n: count(DATA.claims_total - DATA.claims.length) }) : "";
  return table(say("claims"), more, [say("claim"), say("victim"), say("transfer")], here.map((claim) => claim.slice(0, 3)), []);
}

function claimsTable() {
  const { sums: rows, screening } = picture();
  const parts = ["loss", "held", "located", "exited", "unknown", "residual", "recoverable"];
  const heads = [say("claim"), say("victim"), ...parts.map((part) => say(part === "located" ? "located_free" : part)), say("accounts_reached"), say("hops")];
  const ordered = [...rows.filter((row) => row.claim >= 0), ...rows.filter((row) => row.claim < 0)];
  const cells = ordered.map((row) => {
    const [id, victim] = DATA.claims[row.claim] ?? [say("claims_pooled", { n: count(row.claims) }), ""];
    const button = made("button", id, "link");
    button.type = "button";
    button.setAttribute("aria-pressed", state.claim === id);
    button.addEventListener("click", () => { state.claim = state.claim === id ? "" : id; refresh(true); });
    const amounts = parts.map((part) => (screening ? "-" : money(part === "located" ? row.located - row.held : row[part])));
    return [row.claim >= 0 ? button : id, victim, ...amounts, row.claim >= 0 ? count(row.accounts) : "", row.claim >= 0 ? String(row.depth) : ""];
  });
  const sum = (part) => rows.reduce((a, row) => a + (part === "located" ? row.located - row.held : row[part]), 0n);
  if (rows.length > 1 && !screening) cells.push([made("strong", say("total")), "", ...parts.map((part) => made("strong", money(sum(part)))), "", ""]);
  const section = table(say("claims"), say("conserved"), heads, cells, [2, 3, 4, 5, 6, 7, 8, 9, 10]);
  section.querySelectorAll("tbody tr").forEach((line, i) => {
    line.classList.toggle("chosen", state.claim !== "" && DATA.claims[ordered[i]?.claim]?.[0] === state.claim);
  });
  return section;
}
