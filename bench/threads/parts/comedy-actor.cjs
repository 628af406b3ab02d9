/** What answers and counts for comedy, which loads a threaded actor by the path of a CommonJS module. */
module.exports = class {
  counted = 0;
  waiting = new Map();

  add(value) {
    return value + 1;
  }

  begin() {
    this.counted = 0;
  }

  item({ id }) {
    this.counted++;
    const answer = this.waiting.get(this.counted);
    this.waiting.delete(this.counted);
    if (answer) answer(id >= 0 ? this.counted : -1);
  }

  /** Answers when that many have been counted: an ask may overtake what was sent before it. */
  reach(count) {
    if (this.counted >= count) return this.counted;
    return new Promise((resolve) => this.waiting.set(count, resolve));
  }
};
