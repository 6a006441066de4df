/**
 * What pages do by themselves: light or dark, contents open on wide screens, values of charts under the pointer. The functions
 * here run in the reader's browser; pages carry their text, so none of them may use anything outside itself.
 */

/** Runs in a page's head: takes the remembered colors before anything is drawn. */
function restoreTheme(): void {
  try {
    const theme = localStorage.getItem("normkit-theme");
    if (theme !== null) document.documentElement.dataset["theme"] = theme;
  } catch { /* a browser that remembers nothing */ }
}

/** Runs in a page: the button changes between light and dark, and forgets the choice where it is what the system says. */
function themeButton(): void {
  const root = document.documentElement;
  const button = document.querySelector<HTMLElement>(".theme")!;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const own = (): string => system.matches ? "dark" : "light";
  const other = (): string => (root.dataset["theme"] ?? own()) === "dark" ? "light" : "dark";
  const say = (): void => {
    button.lastChild!.textContent = other() === "dark" ? "Dark" : "Light";
  };
  button.hidden = false;
  system.onchange = say;
  button.onclick = () => {
    const theme = other();
    root.dataset["theme"] = theme;
    if (theme === own()) delete root.dataset["theme"];
    say();
    try {
      if (theme === own()) localStorage.removeItem("normkit-theme");
      else localStorage.setItem("normkit-theme", theme);
    } catch { /* the choice holds for this page */ }
  };
  say();
}

/** Runs in a page: contents are open where they stand beside the text; what scrolls sideways can be reached by keyboard. */
function fitScreen(): void {
  const wide = matchMedia("(min-width: 70rem)");
  const contents = document.querySelector<HTMLDetailsElement>(".contents details");
  const fit = (): void => {
    if (contents !== null) contents.open = wide.matches;
    for (const box of document.querySelectorAll<HTMLElement>("pre, .scroll, .math")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  };
  wide.onchange = fit;
  onresize = fit;
  addEventListener("toggle", fit, true); // of a fold
  document.fonts.ready.then(fit); // formulas are as wide as their letters
  fit();
}

/** Runs in a page: charts that are drawn wider than the column fit into it, and come to their full size by a button. */
function fullSize(): void {
  for (const card of document.querySelectorAll<HTMLElement>(".chart > .card[style]")) {
    const chart = card.parentElement!;
    const drawn = parseFloat(card.style.getPropertyValue("--drawn"));
    const [title] = card.querySelector("img")!.alt.split("\n", 1);
    const caption = chart.querySelector("figcaption") ??
      chart.appendChild(document.createElement("figcaption"));
    const button = document.createElement("button");
    button.type = "button";
    const say = (isFull: boolean): void => {
      button.textContent = isFull ? "Fit the page" : "Full size";
      button.ariaLabel = `${button.textContent}: ${title}`;
      if (isFull) chart.tabIndex = 0; // its sides are reached by arrow keys
      else chart.removeAttribute("tabindex");
    };
    button.onclick = () => say(chart.classList.toggle("full"));
    caption.prepend(button);
    say(false);
    new ResizeObserver(() => {
      button.hidden = !chart.classList.contains("full") && card.clientWidth >= drawn;
    }).observe(card);
  }
}

/** Runs in a page: a link into a folded section opens it, whatever the browser does by itself; paper shows all of them open. */
function openFolds(): void {
  const follow = (): void => {
    const place = document.querySelector(":target");
    let wasOpen = true;
    for (
      let fold = place?.closest("details");
      fold;
      fold = fold.parentElement?.closest("details")
    ) {
      wasOpen &&= fold.open;
      fold.open = true;
    }
    if (!wasOpen) place!.scrollIntoView();
  };
  onhashchange = onload = follow;
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll<HTMLDetailsElement>(".fold:not([open])")) {
      fold.open = true;
      addEventListener("afterprint", () => fold.open = false, { once: true });
    }
  });
}

/** Runs in a page: the contents mark the section that is being read, and keep it in sight. */
function followReading(): void {
  const contents = document.querySelector<HTMLElement>(".contents");
  const links = [...contents?.querySelectorAll("a") ?? []];
  const places = links.map(({ hash }) =>
    document.getElementById(decodeURIComponent(hash.slice(1)))!
  );
  let current: HTMLElement | undefined;
  const follow = (): void => {
    const read = places.findLastIndex((place) =>
      place.checkVisibility() && place.getBoundingClientRect().top < innerHeight / 3
    );
    if (links[read] === current) return;
    current?.removeAttribute("aria-current");
    current = links[read];
    current?.setAttribute("aria-current", "location");
    if (current === undefined || contents!.scrollHeight <= contents!.clientHeight) return;
    const [{ top, bottom }, { clientHeight }] = [current.getBoundingClientRect(), contents!];
    if (top < 0 || bottom > clientHeight) contents!.scrollTop += top - clientHeight / 2;
  };
  if (places.length > 0) addEventListener("scroll", follow, { passive: true });
  follow();
}

/**
 * Runs in a page: shows the value nearest to the pointer, under a finger, or chosen by arrow keys.
 *
 * @param cards The charts' cards; all of the page by default.
 */
export function chartTips(
  cards: Iterable<HTMLElement> = document.querySelectorAll<HTMLElement>(".card[tabindex]"),
): void {
  for (const card of cards) {
    const { size: [width, height], x, y, series } = JSON.parse(
      card.querySelector("script")!.textContent,
    ) as {
      size: [number, number];
      x: string;
      y: string;
      series: { name: string; color?: string; points: string }[];
    };
    const rows = series.filter(({ points }) => points !== "").map(({ name, color, points }) =>
      points.split(";").map((point) => {
        const [left, top, at, value, footLeft = left, footTop = top] = point.split("|");
        const foot = { left: Number(footLeft), top: Number(footTop) };
        return { left: Number(left), top: Number(top), foot, at, value, name, color };
      })
    );
    type Point = typeof rows[number][number];
    let shown: Point | undefined;
    const dot = card.appendChild(document.createElement("i"));
    const tip = card.appendChild(document.createElement("output"));
    const show = (point: Point | undefined): void => {
      dot.hidden = tip.hidden = point === undefined;
      if (point === undefined || point === shown) return;
      shown = point;
      const [left, top] = [100 * point.left / width, 100 * point.top / height];
      dot.style.cssText = tip.style.cssText = `left:${left}%;top:${top}%`;
      tip.style.transform = `translate(-${left}%, ${top > 40 ? "calc(-100% - 12px)" : "12px"})`;
      tip.style.borderLeftColor = dot.style.backgroundColor = point.color ?? "#1f2328";
      const here = rows.flat().filter((other) =>
        other.at === point.at && Math.hypot(other.left - point.left, other.top - point.top) < 3
      );
      const all = (of: (point: Point) => unknown): string =>
        [...new Set([point, ...here].map(of))].join(" and ");
      const lines = [all(({ name }) => name), `${x} ${point.at}`, `${y}: ${all((p) => p.value)}`];
      tip.replaceChildren(...lines.map((line) => {
        const part = document.createElement("span");
        part.textContent = line;
        return part;
      }));
    };
    show(undefined);
    // Of a bar the place that is nearest to the pointer, of a point itself.
    const away = ({ foot, ...end }: Point, left: number, top: number): number => {
      const between = (a: number, b: number, at: number): number =>
        Math.max(Math.min(a, b), Math.min(Math.max(a, b), at));
      return Math.hypot(
        between(foot.left, end.left, left) - left,
        between(foot.top, end.top, top) - top,
      );
    };
    const nearest = (points: Point[], left: number, top: number): [Point | undefined, number] => {
      let [best, distance]: [Point | undefined, number] = [undefined, Infinity];
      for (const point of points) {
        const own = away(point, left, top);
        if (own < distance) [best, distance] = [point, own];
      }
      return [best, distance];
    };
    card.onpointermove = card.onpointerdown = ({ clientX, clientY }) => {
      const box = card.getBoundingClientRect();
      const [left, top] = [clientX - box.left, clientY - box.top];
      const scale = width / box.width;
      const [point, distance] = nearest(rows.flat(), left * scale, top * scale);
      show(distance < 60 ? point : undefined);
    };
    card.onpointerleave = ({ pointerType }) => {
      if (pointerType === "mouse") show(undefined);
    };
    card.onblur = () => show(undefined);
    card.onfocus = () => {
      if (card.matches(":focus-visible")) show(shown ?? rows[0]?.[0]);
    };
    card.onkeydown = (event) => {
      const row = rows.findIndex((points) => points.includes(shown!));
      const points = rows[row] ?? rows[0] ?? [];
      const place = points.indexOf(shown!);
      const step = (by: number): Point | undefined =>
        points[Math.min(Math.max(place + by, 0), points.length - 1)];
      const aside = ({ left }: Point): number => Math.abs(left - (shown?.left ?? 0));
      const turn = (by: number): Point | undefined =>
        rows[(row + by + rows.length) % rows.length]?.toSorted((a, b) => aside(a) - aside(b))[0];
      const along = points.length > 1 ? step : turn; // parts of a drawing stand alone
      const next = {
        ArrowRight: () => along(1),
        ArrowLeft: () => along(-1),
        ArrowDown: () => turn(1),
        ArrowUp: () => turn(-1),
        Escape: () => undefined,
      }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      show(next());
      dot.scrollIntoView({ block: "nearest", inline: "nearest" });
    };
  }
}

const run = (...functions: readonly (() => void)[]): string =>
  functions.map((one) => `(${one})();`).join("\n").replaceAll(/\n\s+/g, "\n");

/** The script of a page's head. */
export const headScript: string = run(restoreTheme);

/** The script at the end of a page with charts. */
export const tipScript: string = run(chartTips, fullSize);

/** The script at the end of every page. */
export const pageScript: string = run(themeButton, fitScreen, openFolds, followReading);
