import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";

const COLOURS: Record<string, (text: string) => string> = {
  MISS: yellow,
  JOIN: cyan,
  HIT: green,
  STALE: yellow,
  done: green,
  "goes on": green,
  WRONG: red,
  dies: red,
  die: red,
  lies: red,
  refused: red,
  leaves: yellow,
};

/** Prints what happens while it happens, a line for each event. */
export class Story {
  readonly #start = performance.now();
  #scene = 0;

  constructor(
    private readonly write: (line: string) => void,
    private readonly signal: AbortSignal,
  ) {}

  /** Seconds since the beginning. */
  get elapsed(): number {
    return (performance.now() - this.#start) / 1000;
  }

  scene(title: string): void {
    this.#scene++;
    this.line();
    this.line(bold(`${this.#scene}. ${title}`));
  }

  /** One event: who, a word for what, and the details. */
  tell(who: string, word: string, details: string): void {
    const time = dim(`${this.elapsed.toFixed(2)}s`.padStart(7));
    const colour = COLOURS[word] ?? ((text: string) => text);
    this.line(`${time}  ${who.padEnd(13)}${colour(word.padEnd(9))}${details}`);
  }

  line(text = ""): void {
    // Once it is broken off, what the actors still see is of no interest.
    if (!this.signal.aborted) this.write(text);
  }
}
