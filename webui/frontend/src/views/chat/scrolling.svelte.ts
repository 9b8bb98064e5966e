/** Where the reader of a chat is: the view follows the text only while they are at its end. */
const NEAR = 24; // px from the end that still count as being there
const TOP = 0.1; // of the view, above what was brought to its top third

export class Scrolling {
  /** The end of the text is in sight. */
  isAtEnd = $state(true);
  /** Below the text, in px, so that a question can stand in the top third before there is much of an answer. */
  room = $state(0);
  follows = true;
  #region!: HTMLElement;
  #column!: HTMLElement;
  #placed: HTMLElement | null = null;
  #own = -1; // the position that was scrolled to from here
  #last = 0; // the position before

  /** Watch how the text grows. Returns how to end that. */
  watch(region: HTMLElement, column: HTMLElement): () => void {
    [this.#region, this.#column] = [region, column];
    const observer = new ResizeObserver(() => this.#settle());
    observer.observe(region);
    observer.observe(column);
    return () => observer.disconnect();
  }

  readonly onscroll = (): void => {
    this.#look();
    const { scrollTop } = this.#region;
    // Text that grows above moves the position down, and nobody has left the end by that.
    if (Math.abs(scrollTop - this.#own) > 1 && (this.isAtEnd || scrollTop < this.#last)) this.follows = this.isAtEnd;
    this.#own = -1;
    this.#last = scrollTop;
  };

  /** Bring a message to the top third, and leave the view there. */
  place(row: HTMLElement): void {
    this.#placed = row;
    this.follows = false;
    this.#makeRoom();
    requestAnimationFrame(() => {
      const position = this.#top(row) - TOP * this.#region.clientHeight;
      if (Math.abs(position - this.#region.scrollTop) > 1) this.#scroll(position);
      this.#look();
    });
  }

  /** Those that the reader sees. */
  inSight(rows: Iterable<HTMLElement>): HTMLElement[] {
    const { top, bottom } = this.#region.getBoundingClientRect();
    return [...rows].filter((row) => {
      const place = row.getBoundingClientRect();
      return place.bottom > top && place.top < bottom;
    });
  }

  /** Go to the end, and follow it. */
  toEnd(): void {
    this.follows = true;
    this.#scroll(this.#end() - this.#region.clientHeight);
    this.#look();
  }

  #settle(): void {
    this.#makeRoom();
    const { scrollTop, clientHeight } = this.#region;
    const end = this.#end() - clientHeight;
    if (this.follows && end > scrollTop) this.#scroll(end);
    this.#look();
  }

  #makeRoom(): void {
    if (!this.#placed) return;
    const below = this.#end() - this.#top(this.#placed);
    this.room = this.#placed.isConnected ? Math.max(0, (1 - TOP) * this.#region.clientHeight - below) : 0;
  }

  #scroll(position: number): void {
    this.#region.scrollTop = position;
    this.#own = this.#last = this.#region.scrollTop;
  }

  #look(): void {
    const { scrollTop, clientHeight } = this.#region;
    this.isAtEnd = this.#end() - (scrollTop + clientHeight) < NEAR;
  }

  #end(): number {
    return this.#column.offsetTop + this.#column.offsetHeight;
  }

  #top(row: HTMLElement): number {
    return row.getBoundingClientRect().top - this.#region.getBoundingClientRect().top + this.#region.scrollTop;
  }
}
