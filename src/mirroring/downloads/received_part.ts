import type { ReceivedBytes } from "./mirror_search.ts";
import type { PartFile } from "./part_file.ts";

export interface ReceivedPartOptions {
  /** The part, which may not be open yet when a mirror is asked. */
  opening: Promise<PartFile>;
  mayStartOver: () => boolean;
  /** Called with the number of dropped bytes. */
  onDropped: (count: number) => void;
}

/** What a part has received, for transfers that begin at its first hole. */
export class ReceivedPart implements ReceivedBytes {
  readonly reachesBackToStart = true;
  readonly #options: ReceivedPartOptions;

  constructor(options: ReceivedPartOptions) {
    this.#options = options;
  }

  get mayStartOver(): boolean {
    return this.#options.mayStartOver();
  }

  async readBack(position: number, length: number): Promise<Uint8Array> {
    return await (await this.#options.opening).readBack(position, length);
  }

  async startOver(): Promise<void> {
    const part = await this.#options.opening;
    this.#options.onDropped(part.length);
    await part.clear();
  }
}
