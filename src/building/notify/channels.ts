import { createHash, createHmac } from "node:crypto";
import type { Config } from "../../config/config.ts";
import type { HttpClient } from "../../platform/http_client.ts";
import type { Notice } from "./notice.ts";

/** One way to deliver messages. */
export interface Channel {
  readonly name: ChannelName;
  /** Rejects if the message was not accepted. */
  readonly send: (notice: Notice, signal: AbortSignal) => Promise<void>;
}

export type ChannelName = "webhook" | "ntfy" | "matrix" | "email";

type Settings = Pick<Config, "notify" | "notifySecrets">;
type Http = Pick<HttpClient, "send">;

const MAIL_TIMEOUT_MS = 30_000;

/** The configured channels. */
export function channelsOf({ notify, notifySecrets }: Settings, http: Http): Channel[] {
  const { webhookUrl, ntfyUrl, matrixUrl, matrixRoom, emailTo } = notify;
  const channels: Channel[] = [];
  if (webhookUrl !== null) {
    const secret = notifySecrets["WEBHOOK_SECRET"];
    channels.push({
      name: "webhook",
      send: (...args) => webhook(http, webhookUrl, secret, ...args),
    });
  }
  if (ntfyUrl !== null) {
    const token = notifySecrets["NTFY_TOKEN"];
    channels.push({ name: "ntfy", send: (...args) => ntfy(http, ntfyUrl, token, ...args) });
  }
  if (matrixUrl !== null && matrixRoom !== null) {
    const place = { url: matrixUrl, room: matrixRoom, token: notifySecrets["MATRIX_TOKEN"] };
    channels.push({ name: "matrix", send: (...args) => matrix(http, place, ...args) });
  }
  if (emailTo.length > 0) {
    channels.push({ name: "email", send: (notice) => email({ notify, notifySecrets }, notice) });
  }
  return channels;
}

/** JSON with an HMAC of its bytes, which authenticates the sender. */
async function webhook(
  http: Http,
  url: string,
  secret: string | undefined,
  { key: _, isUrgent: __, ...content }: Notice,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(content);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (secret !== undefined) {
    const digest = createHmac("sha256", secret).update(body).digest("hex");
    headers["x-pkgstash-signature"] = `sha256=${digest}`;
  }
  await taken(http.send(url, { body, headers, signal }));
}

async function ntfy(
  http: Http,
  url: string,
  token: string | undefined,
  { title, text, url: click }: Notice,
  signal: AbortSignal,
): Promise<void> {
  const { origin, pathname } = new URL(url);
  const topic = decodeURIComponent(pathname.replace(/^\/|\/$/g, ""));
  await taken(http.send(`${origin}/`, {
    body: JSON.stringify({
      ...{ topic, title, message: text, tags: ["package"] },
      ...click === null ? {} : { click },
    }),
    headers: { "content-type": "application/json", ...bearer(token) },
    signal,
  }));
}

/** The transaction ID is derived from the message, so a retry is not shown twice. */
async function matrix(
  http: Http,
  { url, room, token }: { url: string; room: string; token: string | undefined },
  { key, title, text }: Notice,
  signal: AbortSignal,
): Promise<void> {
  const transaction = createHash("sha256").update(key).digest("hex").slice(0, 32);
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/` +
    transaction;
  await taken(http.send(url.replace(/\/+$/, "") + path, {
    method: "PUT",
    body: JSON.stringify({ msgtype: "m.text", body: `${title}\n${text}` }),
    headers: { "content-type": "application/json", ...bearer(token) },
    signal,
  }));
}

async function email({ notify, notifySecrets }: Settings, { title, text }: Notice): Promise<void> {
  const { smtpHost, smtpPort, smtpTls, emailFrom, emailTo } = notify;
  const { SMTP_USER: user, SMTP_PASSWORD: pass } = notifySecrets;
  // Loaded on first use: it would delay every start.
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    host: smtpHost,
    port: smtpPort,
    secure: smtpPort === 465,
    requireTLS: smtpTls === "required",
    ignoreTLS: smtpTls === "none",
    connectionTimeout: MAIL_TIMEOUT_MS,
    greetingTimeout: MAIL_TIMEOUT_MS,
    socketTimeout: MAIL_TIMEOUT_MS,
    ...(user === undefined || pass === undefined ? {} : { auth: { user, pass } }),
  });
  try {
    await transport.sendMail({
      from: emailFrom,
      to: [...emailTo],
      subject: title.replaceAll("\n", " "),
      text: `${text}\n`,
    });
  } finally {
    transport.close();
  }
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

async function taken(sending: Promise<Response>): Promise<void> {
  const response = await sending;
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it responded with status ${response.status}`);
}
