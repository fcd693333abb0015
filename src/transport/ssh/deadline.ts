/**
 * A limit on how long the far end may take for each step. The clock stands still while a person is asked.
 */
export class Deadline {
  readonly #expired: (step: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #step = '';
  #limit = 0;
  #held = 0;

  constructor(expired: (step: string) => void) {
    this.#expired = expired;
  }

  /** Starts the clock anew for a step of at most `limit` milliseconds; 0 sets no limit. */
  begin(step: string, limit: number): void {
    this.#step = step;
    this.#limit = limit;
    this.#restart();
  }

  stop(): void {
    this.#limit = 0;
    clearTimeout(this.#timer);
  }

  /** Runs a question to a person with the clock stopped. */
  async hold<T>(question: () => Promise<T>): Promise<T> {
    this.#held++;
    clearTimeout(this.#timer);
    try {
      return await question();
    } finally {
      this.#held--;
      this.#restart();
    }
  }

  #restart(): void {
    clearTimeout(this.#timer);
    if (this.#limit > 0 && this.#held === 0) {
      this.#timer = setTimeout(() => this.#expired(this.#step), this.#limit);
    }
  }
}
