/** Keeps `--viewport` at the height that a keyboard on the screen leaves, for browsers that lay it over the page. */
export function followKeyboard(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  viewport.addEventListener("resize", () => {
    const isZoomed = viewport.scale > 1.01;
    if (isZoomed) document.documentElement.style.removeProperty("--viewport");
    else document.documentElement.style.setProperty("--viewport", `${viewport.height}px`);
    window.scrollTo(0, 0); // where they have moved the page up
  });
}
