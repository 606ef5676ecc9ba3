"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { docs, groups, words: say } = data;
  const count = docs.id.length, PAGE = 30;
  const $ = id => document.getElementById(id);
  const numbers = new Intl.NumberFormat(document.documentElement.lang);
  const decimals = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  const fold = text => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/ß/g, "ss");
  const split = text => fold(text).match(/[\p{L}\p{N}]+/gu) || [];

  /** Make an element; what comes from documents becomes text, never markup. */
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
    return element;
  };
  const drawn = (tag, attributes, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  /** Which documents hold a word, and how much it counts there: title 4, keyword 3, text 1. */
  const index = new Map();
  const add = (word, doc, weight) => {
    if (!index.has(word)) index.set(word, new Map());
    const held = index.get(word);
    if ((held.get(doc) || 0) < weight) held.set(doc, weight);
  };
  for (let doc = 0; doc < count; doc++) {
    for (const word of split(docs.text[doc] + " " + docs.summary[doc])) add(word, doc, 1);
    for (const word of split(docs.keywords[doc].join(" "))) add(word, doc, 3);
    for (const word of split(docs.title[doc] + " " + docs.id[doc])) add(word, doc, 4);
  }
  const sorted = [...index.keys()].sort();
  const starting = prefix => {
    let low = 0, high = sorted.length;
    while (low < high) { const mid = (low + high) >> 1; if (sorted[mid] < prefix) low = mid + 1; else high = mid; }
    const found = [];
    while (low < sorted.length && sorted[low].startsWith(prefix) && found.length < 400) found.push(sorted[low++]);
    return found;
  };

  const usual = { q: "", group: "", from: "", to: "", keyword: "", outcome: "", view: "documents" };
  const state = { ...usual };
  let shown = PAGE;

  const scores = query => {
    const asked = [...new Set(split(query))].slice(0, 40);
    if (!asked.length) return null;
    const total = new Map(), hits = new Map();
    for (const word of asked) {
      const best = new Map();
      const names = word.length > 2 ? starting(word) : index.has(word) ? [word] : [];
      for (const name of names) {
        const held = index.get(name);
        const rarity = Math.log(1 + count / held.size) * (name === word ? 1 : 0.6);
        for (const [doc, weight] of held) best.set(doc, Math.max(best.get(doc) || 0, rarity * (1 + Math.log(weight))));
      }
      for (const [doc, score] of best) {
        total.set(doc, (total.get(doc) || 0) + score);
        hits.set(doc, (hits.get(doc) || 0) + 1);
      }
    }
    const most = Math.max(0, ...hits.values());
    for (const doc of total.keys()) if (hits.get(doc) < Math.max(1, most * 0.6)) total.delete(doc);
    return total;
  };

  const fits = doc =>
    (state.group === "" || docs.group[doc] === Number(state.group)) &&
    (state.from === "" || (docs.year[doc] !== null && docs.year[doc] >= Number(state.from))) &&
    (state.to === "" || (docs.year[doc] !== null && docs.year[doc] <= Number(state.to))) &&
    (state.outcome === "" || docs.outcome[doc] === (state.outcome === "silent" ? "" : state.outcome)) &&
    (state.keyword === "" || docs.keywords[doc].some(word => fold(word) === fold(state.keyword)));

  const chosen = () => {
    const found = scores(state.q);
    const rows = found ? [...found.keys()].filter(fits) : [...Array(count).keys()].filter(fits);
    if (found) rows.sort((a, b) => found.get(b) - found.get(a) || a - b);
    else rows.sort((a, b) => (docs.year[b] ?? -1) - (docs.year[a] ?? -1) || a - b);
    return rows;
  };

  /** Text with the words that were asked for marked. */
  const marked = text => {
    const asked = split(state.q).filter(word => word.length > 1);
    if (!asked.length) return [text];
    return text.split(/([\p{L}\p{N}]+)/u).map((piece, at) =>
      at % 2 && asked.some(word => fold(piece).startsWith(word)) ? make("mark", {}, piece) : piece);
  };

  const named = (doc, label) => doc.length
    ? make("p", { class: "small" }, label + ": ", doc.slice(0, 8).map((one, at) => [at ? "; " : "", link(docs.title[one] || docs.id[one], () => go({ ...usual, q: docs.id[one] }))]).flat())
    : null;
  const link = (text, act) => make("button", { class: "link", type: "button", onclick: act }, text);
  const chip = word => make("button", { class: "chip", type: "button", onclick: () => go({ keyword: word, view: "documents" }) }, word);

  const out = new Map(), into = new Map();
  for (const [one, other] of data.references) {
    out.set(one, [...(out.get(one) || []), other]);
    into.set(other, [...(into.get(other) || []), one]);
  }
  const copies = new Map();
  docs.first.forEach((first, doc) => { if (first !== doc) copies.set(first, [...(copies.get(first) || []), doc]); });

  const similar = doc => {
    const found = scores(docs.title[doc] + " " + docs.keywords[doc].join(" ")) || new Map();
    return [...found.keys()].filter(one => one !== doc).sort((a, b) => found.get(b) - found.get(a) || a - b).slice(0, 5);
  };

  const card = doc => {
    const meta = [docs.year[doc], docs.group[doc] >= 0 ? groups[docs.group[doc]].name : null, docs.id[doc]].filter(part => part !== null && part !== "");
    const more = make("details", { ontoggle: event => {
      if (event.target.open && event.target.childElementCount === 1) {
        event.target.append(...[docs.text[doc] ? make("p", {}, ...marked(docs.text[doc])) : null, named(similar(doc), say.similar),
          named(out.get(doc) || [], say.names), named(into.get(doc) || [], say.namedby)].filter(Boolean));
      }
    } }, make("summary", {}, docs.text[doc] ? say.text + " · " + say.similar : say.similar));
    const kind = docs.outcome[doc];
    return make("article", {},
      make("h3", {}, ...marked(docs.title[doc] || docs.id[doc])),
      make("p", { class: "meta" }, meta.join(" · ")),
      docs.summary[doc] ? make("p", {}, ...marked(docs.summary[doc])) : null,
      kind ? make("p", { class: "outcome " + kind }, make("b", {}, say[kind] + ": "), ...marked(docs.sentence[doc])) : null,
      docs.first[doc] !== doc ? named([docs.first[doc]], say.repeats) : null,
      copies.has(doc) ? make("p", { class: "small soft" }, fill(say.repeatedby, { n: numbers.format(copies.get(doc).length) })) : null,
      make("div", {}, docs.keywords[doc].map(chip)), more);
  };

  const note = view => data.notes[view] ? make("p", { class: "small", id: "note" }, data.notes[view]) : null;

  const views = {
    documents() {
      const rows = chosen();
      const parts = [make("p", { class: "soft", id: "found", "aria-live": "polite" }, fill(say.found, { n: numbers.format(rows.length), all: numbers.format(count) }))];
      if (!rows.length) parts.push(make("p", {}, say.nothing));
      parts.push(...rows.slice(0, shown).map(card));
      if (rows.length > shown) parts.push(make("button", { type: "button", onclick: () => { shown += PAGE; show(); } }, say.more));
      return parts;
    },
    groups() {
      if (!groups.length) return [make("div", { class: "card", id: "nogroups" }, make("b", {}, say.nogroups), make("p", {}, data.notes.groups))];
      const head = [[say.group, ""], [say.count, "number"], [say.again, "number"], [say.company, "number"], [say.direction, ""]];
      return [note("groups"), make("p", { class: "small soft" }, say.againhelp), make("div", { class: "wide" }, make("table", {},
        make("tr", {}, head.map(([text, kind]) => make("th", { class: kind }, text))),
        groups.map((group, at) => make("tr", {},
          make("td", {}, link(group.name, () => go({ group: String(at), view: "documents" })), group.again < 0.4 ? make("span", { class: "small soft" }, " " + say.loose) : null, make("div", { class: "small soft" }, group.terms.join(", "))),
          make("td", { class: "number" }, numbers.format(group.count)), make("td", { class: "number" }, decimals.format(group.again)),
          make("td", { class: "number" }, decimals.format(group.company)), make("td", {}, group.trend ? say[group.trend.direction] : "")))))];
    },
    trends() {
      const own = groups.filter(group => group.trend);
      if (!own.length && !data.terms.length) return [make("p", {}, say.notrends)];
      const grid = list => make("div", { class: "grid" }, list.map(one => make("div", { class: "card" },
        link(one.name, one.act), make("span", { class: "small soft" }, " " + say[one.trend.direction]), curve(one.trend))));
      const parts = [make("p", { class: "small soft" }, say.share)];
      if (own.length) parts.push(make("h2", {}, say.groupstrends), grid(groups.map((group, at) => ({ ...group, act: () => go({ group: String(at), view: "documents" }) })).filter(one => one.trend)));
      if (data.terms.length) parts.push(make("h2", {}, say.wordstrends), grid(data.terms.map(term => ({ ...term, act: () => go({ q: term.name, view: "documents" }) }))));
      return parts;
    },
    repetitions() {
      const sets = [...copies.entries()].sort((a, b) => b[1].length - a[1].length || a[0] - b[0]);
      if (!sets.length) return [make("p", {}, say.norepetitions)];
      return [note("repetitions"), ...sets.slice(0, 300).map(([first, others]) => make("div", { class: "card" },
        link(docs.title[first] || docs.id[first], () => go({ ...usual, q: docs.id[first] })), make("span", { class: "small soft" }, " " + [docs.year[first], docs.id[first]].filter(Boolean).join(" · ")),
        make("ul", {}, others.slice(0, 20).map(doc => make("li", {}, docs.title[doc] || docs.id[doc], make("span", { class: "small soft" }, " " + [docs.year[doc], docs.id[doc], decimals.format(docs.likeness[doc])].filter(Boolean).join(" · "))))),
        others.length > 20 ? make("p", { class: "small soft" }, "+ " + numbers.format(others.length - 20)) : null))];
    },
    named() {
      if (!data.named.length) return [make("p", {}, say.nonamed)];
      return [note("named"), make("div", { class: "wide" }, make("table", {}, make("tr", {}, [say.kind, say.value].map(text => make("th", {}, text)), make("th", { class: "number" }, say.count)),
        data.named.map(one => make("tr", {}, make("td", {}, say[one.kind] || one.kind), make("td", {}, link(one.value, () => go({ ...usual, q: one.value }))), make("td", { class: "number" }, numbers.format(one.count))))))];
    },
    map() {
      if (!data.map) return [make("p", {}, say.nomap), note("map")];
      return [note("map"), make("p", { class: "small soft" }, say.maphelp), map(), make("div", { id: "point" })];
    },
    quality() {
      return data.findings.map(one => make("div", { class: "card" }, make("b", {}, say[one.section] + ": " + one.title), make("p", {}, one.text)));
    },
  };

  /** A share by year with its range. */
  const curve = trend => {
    const wide = 320, high = 110, left = 46, low = 92, top = 8;
    const years = trend.periods, kept = years.map((year, at) => at).filter(at => trend.all[at] > 0);
    const most = Math.max(0.01, ...kept.map(at => trend.all[at] >= 20 ? trend.high[at] : trend.share[at]));
    const x = at => left + (wide - left - 6) * (years.length > 1 ? at / (years.length - 1) : 0.5);
    const y = value => low - (low - top) * Math.min(value, most) / most;
    const points = (list, name) => list.map(at => `${x(at).toFixed(1)},${y(trend[name][at]).toFixed(1)}`).join(" ");
    const svg = drawn("svg", { viewBox: `0 0 ${wide} ${high}`, width: "100%", role: "img" });
    svg.append(drawn("polygon", { points: points(kept, "high") + " " + points([...kept].reverse(), "low"), fill: "var(--accent)", opacity: "0.18" }),
      drawn("polyline", { points: points(kept, "share"), fill: "none", stroke: "var(--accent)", "stroke-width": "2" }),
      drawn("line", { x1: left, x2: wide - 6, y1: low, y2: low, stroke: "var(--line)" }));
    const label = (text, at, height, anchor) => svg.append(drawn("text", { x: at, y: height, "text-anchor": anchor }, text));
    label(Math.round(most * 1000) / 10 + " %", left - 3, top + 8, "end");
    label("0", left - 3, low, "end");
    label(years[0], left, high - 4, "start");
    label(years[years.length - 1], wide - 6, high - 4, "end");
    return svg;
  };

  const colour = group => group < 0 ? "rgba(128,128,128,.35)" : `hsl(${(group * 137.5) % 360} 60% ${45 + (group % 3) * 8}%)`;
  const map = () => {
    const canvas = make("canvas", { width: 1140, height: 760, id: "canvas" });
    const { rows, x, y } = data.map, allowed = new Set(chosen());
    const paint = canvas.getContext("2d");
    rows.forEach((doc, at) => {
      paint.globalAlpha = allowed.has(doc) ? 0.9 : 0.08;
      paint.fillStyle = colour(docs.group[doc]);
      paint.beginPath();
      paint.arc(20 + x[at] * 1100, 20 + y[at] * 720, 3, 0, 7);
      paint.fill();
    });
    paint.globalAlpha = 1;
    paint.font = "600 15px system-ui, sans-serif";
    paint.textAlign = "center";
    paint.lineWidth = 4;
    paint.strokeStyle = getComputedStyle(document.body).getPropertyValue("--paper");
    paint.fillStyle = getComputedStyle(document.body).getPropertyValue("--ink");
    groups.forEach((group, number) => {
      const own = rows.map((doc, at) => at).filter(at => docs.group[rows[at]] === number);
      if (own.length < 5) return;
      const middle = list => list.map(value => value).sort((a, b) => a - b)[list.length >> 1];
      const at = [20 + middle(own.map(one => x[one])) * 1100, 20 + middle(own.map(one => y[one])) * 720];
      const name = group.name.split(" · ")[0];
      paint.strokeText(name, ...at);
      paint.fillText(name, ...at);
    });
    canvas.addEventListener("click", event => {
      const box = canvas.getBoundingClientRect();
      const px = ((event.clientX - box.left) / box.width * 1140 - 20) / 1100, py = ((event.clientY - box.top) / box.height * 760 - 20) / 720;
      let best = -1, near = Infinity;
      rows.forEach((doc, at) => { const far = (x[at] - px) ** 2 + (y[at] - py) ** 2; if (far < near) { near = far; best = doc; } });
      $("point").replaceChildren(card(best));
    });
    return canvas;
  };

  const field = (label, input) => make("label", {}, label, input);
  const choice = (name, options) => make("select", { id: "f-" + name, onchange: event => go({ [name]: event.target.value }) },
    options.map(([value, text]) => make("option", { value }, text)));
  const year = name => make("input", { id: "f-" + name, type: "number", onchange: event => go({ [name]: event.target.value }) });
  const set = () => {
    const parts = [];
    if (groups.length) parts.push(field(say.group, choice("group", [["", say.all], ...groups.map((group, at) => [String(at), `${group.name} (${numbers.format(group.count)})`]), ["-1", say.none]])));
    if (docs.year.some(one => one !== null)) parts.push(field(say.from, year("from")), field(say.to, year("to")));
    const often = new Map();
    docs.keywords.forEach(list => list.forEach(word => often.set(word, (often.get(word) || 0) + 1)));
    const top = [...often.entries()].sort((a, b) => b[1] - a[1]).slice(0, 300);
    parts.push(field(say.keyword, make("input", { id: "f-keyword", list: "keywords", onchange: event => go({ keyword: event.target.value }) })),
      make("datalist", { id: "keywords" }, top.map(([word]) => make("option", { value: word }))),
      field(say.outcome, choice("outcome", [["", say.all], ...["worked", "failed", "told", "silent"].map(kind => [kind, say[kind]])])),
      make("button", { type: "button", id: "clear", onclick: () => go(usual) }, say.clear));
    $("filters").replaceChildren(...parts);
    $("views").replaceChildren(...Object.keys(views).map(view => make("button", { type: "button", role: "tab", id: "v-" + view, onclick: () => go({ view }) }, say[view])));
    let waiting = 0;
    $("search").addEventListener("input", event => {
      clearTimeout(waiting);
      waiting = setTimeout(() => go({ q: event.target.value, ...(state.view === "map" ? {} : { view: "documents" }) }), 120);
    });
  };

  const show = () => {
    $("main").replaceChildren(...views[state.view]().filter(Boolean));
    for (const view of Object.keys(views)) $("v-" + view).setAttribute("aria-selected", String(view === state.view));
    if ($("search").value !== state.q) $("search").value = state.q;
    for (const name of ["group", "from", "to", "keyword", "outcome"]) if ($("f-" + name)) $("f-" + name).value = state[name];
  };
  const go = changes => {
    Object.assign(state, changes);
    shown = PAGE;
    const told = Object.entries(state).filter(([name, value]) => value !== usual[name]);
    try { history.replaceState(null, "", "#" + new URLSearchParams(told)); } catch { /* a page without an address */ }
    show();
  };
  const read = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const name of Object.keys(usual)) state[name] = asked.get(name) ?? usual[name];
    if (!(state.view in views)) state.view = usual.view;
  };

  set();
  read();
  window.addEventListener("hashchange", () => { read(); show(); });
  show();
})();
