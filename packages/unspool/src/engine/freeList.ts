/** First-fit allocation of a growing stretch of memory. */
export class FreeList {
  readonly #taken: { offset: number; bytes: number }[] = [];
  readonly #start: number;
  /** After the last byte that was ever taken. */
  end: number;

  constructor(start: number) {
    this.#start = start;
    this.end = start;
  }

  take(bytes: number): number {
    const size = Math.ceil(bytes / 16) * 16;
    let offset = this.#start;
    let i = 0;
    for (; i < this.#taken.length; i++) {
      if (this.#taken[i]!.offset - offset >= size) break;
      offset = this.#taken[i]!.offset + this.#taken[i]!.bytes;
    }
    this.#taken.splice(i, 0, { offset, bytes: size });
    this.end = Math.max(this.end, offset + size);
    return offset;
  }

  give(offset: number): void {
    const i = this.#taken.findIndex((one) => one.offset === offset);
    if (i >= 0) this.#taken.splice(i, 1);
  }
}
