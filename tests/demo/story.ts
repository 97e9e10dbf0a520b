import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";

const COLOURS: Record<string, (text: string) => string> = {
  MISS: yellow,
  JOIN: cyan,
  HIT: green,
  STALE: yellow,
  done: green,
  resumes: green,
  WRONG: red,
  dies: red,
  die: red,
  lies: red,
  rejects: red,
  leaves: yellow,
};

/** Prints events as they happen, one line each. */
export class Story {
  readonly #write: (line: string) => void;
  readonly #signal: AbortSignal;
  readonly #start = performance.now();
  #scene = 0;

  constructor(write: (line: string) => void, signal: AbortSignal) {
    this.#write = write;
    this.#signal = signal;
  }

  /** Since the beginning. */
  get elapsedSeconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Prints the title of the next scene. */
  startScene(title: string): void {
    this.#scene++;
    this.line();
    this.line(bold(`${this.#scene}. ${title}`));
  }

  /** Prints an event: who, a word for what they do, and details. */
  event(who: string, word: string, details: string): void {
    const time = dim(`${this.elapsedSeconds.toFixed(2)}s`.padStart(7));
    const colour = COLOURS[word] ?? ((text: string) => text);
    this.line(`${time}  ${who.padEnd(13)}${colour(word.padEnd(9))}${details}`);
  }

  line(text = ""): void {
    // Nobody is interested in what happens after an interruption.
    if (!this.#signal.aborted) this.#write(text);
  }
}
