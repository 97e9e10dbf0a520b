import { join } from "@std/path";
import { Activity } from "./activity.ts";
import { EndedSessions } from "./ended_sessions.ts";
import { EventLog } from "./event_log.ts";
import { Tokens } from "./tokens.ts";

/**
 * Who may change something, who did, and what the daemon did. Everything is created on first use.
 */
export class Administration {
  readonly tokens: Tokens;
  readonly events: EventLog;
  readonly activity: Activity;
  readonly endedSessions: EndedSessions;

  /** The tree at `stateRoot` is drawn in publishing/state_layout.ts. */
  constructor(stateRoot: string) {
    this.tokens = new Tokens(join(stateRoot, "tokens.json"));
    this.endedSessions = new EndedSessions(join(stateRoot, "ended_sessions.json"));
    this.events = new EventLog(join(stateRoot, "events"));
    this.activity = new Activity(this.events);
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    this.activity.close();
    await Promise.all([this.tokens.close(), this.events.close(), this.endedSessions.close()]);
  }
}
