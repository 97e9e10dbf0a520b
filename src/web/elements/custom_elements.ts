import type { HTMLAttributes } from "preact";

/** Custom elements, defined in `src/web/client`. */
declare module "preact" {
  namespace JSX {
    interface IntrinsicElements {
      "copy-field": HTMLAttributes<HTMLElement>;
      "held-list": HTMLAttributes<HTMLElement>;
      "live-state": HTMLAttributes<HTMLElement>;
      "upload-files": HTMLAttributes<HTMLElement>;
      "log-view": HTMLAttributes<HTMLElement>;
      "viewed-files": HTMLAttributes<HTMLElement>;
    }
  }
}
