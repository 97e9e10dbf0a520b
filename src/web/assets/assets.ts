import { createHash } from "node:crypto";
import { STATUS_CODE } from "@std/http/status";
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import htmxSse from "htmx.org/dist/ext/hx-sse.min.js" with { type: "text" };
import copyField from "../client/copy_field.js" with { type: "text" };
import heldList from "../client/held_list.js" with { type: "text" };
import liveState from "../client/live_state.js" with { type: "text" };
import logView from "../client/log_view.js" with { type: "text" };
import menuKeys from "../client/menu_keys.js" with { type: "text" };
import searchKey from "../client/search_key.js" with { type: "text" };
import relativeTime from "../client/relative_time.js" with { type: "text" };
import uploadFiles from "../client/upload_files.js" with { type: "text" };
import viewedFiles from "../client/viewed_files.js" with { type: "text" };
import { encoded, encodingFor } from "../html_response.ts";
import base from "../style/base.css" with { type: "text" };
import builds from "../style/builds.css" with { type: "text" };
import charts from "../style/charts.css" with { type: "text" };
import door from "../style/door.css" with { type: "text" };
import forms from "../style/forms.css" with { type: "text" };
import frame from "../style/frame.css" with { type: "text" };
import parts from "../style/parts.css" with { type: "text" };
import review from "../style/review.css" with { type: "text" };
import states from "../style/states.css" with { type: "text" };
import steps from "../style/steps.css" with { type: "text" };
import mark from "./mark.svg" with { type: "text" };

const TYPES = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Slow but small: each asset is compressed only once. */
const BROTLI_QUALITY = 9;
const HASH_LENGTH = 16;

/**
 * The files that pages load. htmx and its extension are one file, because as two they could start
 * in the wrong order, and no page would be live.
 */
const SOURCES = {
  "admin.css": [base, frame, states, parts, charts, forms, steps, review, builds, door].join("\n"),
  "admin.js": [
    htmx,
    htmxSse,
    copyField,
    heldList,
    liveState,
    menuKeys,
    relativeTime,
    searchKey,
    uploadFiles,
  ]
    .map((text) => text.replace(/^\/\/# sourceMappingURL=.*$/m, ""))
    .join(";\n"),
  // Loaded only by pages that need them.
  "log_view.js": logView,
  "viewed_files.js": viewedFiles,
  "mark.svg": mark,
};

export type AssetName = keyof typeof SOURCES;

interface Asset {
  readonly url: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly compressed: Map<string, Uint8Array<ArrayBuffer>>;
}

const ASSETS = new Map(
  Object.entries(SOURCES).map(([name, text]): [string, Asset] => {
    const [stem, extension] = name.split(".") as [string, keyof typeof TYPES];
    const hash = createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH);
    return [name, {
      url: `/admin/assets/${stem}.${hash}.${extension}`,
      type: TYPES[extension],
      bytes: new TextEncoder().encode(text),
      compressed: new Map(),
    }];
  }),
);

const BY_URL = new Map([...ASSETS.values()].map((asset) => [asset.url, asset]));

/** The URL of an asset, which changes with its content. */
export function assetUrl(name: AssetName): string {
  return ASSETS.get(name)!.url;
}

/** Responds with the asset at a path; null if there is none. */
export function assetResponse(request: Request, pathname: string): Response | null {
  const asset = BY_URL.get(pathname);
  if (asset === undefined) return null;
  const encoding = encodingFor(request);
  let body = asset.bytes;
  if (encoding !== null) {
    body = asset.compressed.get(encoding) ?? encoded(asset.bytes, encoding, BROTLI_QUALITY);
    asset.compressed.set(encoding, body);
  }
  return new Response(body, {
    status: STATUS_CODE.OK,
    headers: {
      "content-type": asset.type,
      "content-length": `${body.length}`,
      "cache-control": "public, max-age=31536000, immutable",
      "vary": "accept-encoding",
      ...(encoding === null ? {} : { "content-encoding": encoding }),
    },
  });
}
