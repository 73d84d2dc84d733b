for (const figure of document.querySelectorAll("figure.chart")) {
  const svg = figure.querySelector("svg"), source = figure.querySelector("script");
  if (!svg || !source) continue;
  const data = JSON.parse(source.textContent), hover = svg.querySelector(".hover"), view = svg.viewBox.baseVal;
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  figure.append(tip);
  const element = (parent, name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    parent.append(made);
  };
  const span = (parent, name, text, className) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    parent.append(made);
  };
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * view.width;
    const nearest = points => points.reduce((best, point) => Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best);
    const shown = data.lines.filter(line => line.points.length).map(line => [line, nearest(line.points)]);
    if (!shown.length) return;
    const x = nearest(shown.map(([, point]) => point));
    hover.replaceChildren();
    tip.replaceChildren();
    element(hover, "path", { d: `M${x[0]} 10V${view.height - 44}` });
    span(tip, "div", `${data.x}: ${x[2]}`);
    for (const [line, point] of shown) {
      if (Math.abs(point[0] - x[0]) > 12) continue;
      element(hover, "circle", { cx: point[0], cy: point[1], r: 4.5, class: `c${line.colour}` });
      const row = document.createElement("div");
      span(row, "i", "", `c${line.colour}`);
      span(row, "span", `${line.name} `);
      span(row, "b", point[3]);
      tip.append(row);
    }
    tip.hidden = false;
    const place = x[0] / view.width * box.width + svg.offsetLeft, isRight = place > figure.clientWidth / 2;
    tip.style.left = isRight ? "" : `${place + 14}px`;
    tip.style.right = isRight ? `${figure.clientWidth - place + 14}px` : "";
    tip.style.top = `${svg.offsetTop + 14}px`;
  });
  svg.addEventListener("pointerleave", () => {
    tip.hidden = true;
    hover.replaceChildren();
  });
}
