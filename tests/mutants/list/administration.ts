import type { Mutant } from "../mutant.ts";

/** Who may change something, what is recorded of it, and what is signed and trusted. */
export const ADMINISTRATION: readonly Mutant[] = [
  {
    file: "cli/completion.ts",
    find: " && PLAIN.test(each)",
    replace: "",
    breaks: "a shell runs what somebody named a client",
    killedBy: ["cli/completion_test.ts: a name that a shell would run is not offered"],
  },
  {
    file: "administration/event_log.ts",
    find: 'this.#activity = new EventFiles(join(directory, "activity"), {',
    replace: "this.#activity = new EventFiles(directory, {",
    breaks: "what the daemon does pushes changes out of the audit log",
    killedBy: ["administration/event_log_test.ts"],
  },
  {
    file: "administration/activity.ts",
    find: "      recent.repeated++;\n",
    replace: "      this.#write(deed);\n",
    breaks: "a mirror that fails often floods the events",
    killedBy: ["administration/activity_test.ts"],
  },
  {
    file: "administration/tokens.ts",
    find: "if (found === undefined || !isSame) return null;",
    replace: "if (found === undefined) return null;",
    breaks: "the id of a token is enough to use it",
    killedBy: [
      "administration/tokens_test.ts: neither a part of a token nor a similar text is accepted in its place",
    ],
  },
  {
    file: "administration/tokens.ts",
    find: "return expiresAt !== null && expiresAt <= this.#clock.now();",
    replace: "return false;",
    breaks: "an expired token is good for ever",
    killedBy: [
      "administration/tokens_test.ts: a token is refused from the moment it expires, even after a restart",
    ],
  },
  {
    file: "server/api/authorization.ts",
    find: 'return "expiredAt" in found ? expiredRefusal(found) : found;',
    replace: "return found as unknown as Principal;",
    breaks: "the API takes an expired token",
    killedBy: [
      "server/api/authorization_test.ts: an expired token is refused with its name and the time, and does nothing",
    ],
  },
  {
    file: "administration/tokens.ts",
    find: "      await this.#write(changed);\n      this.#loaded",
    replace: "      this.#loaded",
    breaks: "a revoked token is good again after a restart",
    killedBy: [
      "administration/tokens_test.ts: a token identifies its owner until it is revoked, even after a restart",
    ],
  },
  {
    file: "administration/token_file.ts",
    find: "if (error instanceof Deno.errors.NotFound) return [];",
    replace: "return [];",
    breaks: "a damaged file of tokens is taken for an empty one, and replaced",
    killedBy: [
      "administration/tokens_test.ts: no token is accepted while their file is damaged, and the file is not replaced",
    ],
  },
  {
    file: "administration/event_files.ts",
    find: "if (whole < bytes.length) await Deno.truncate(last.path, whole);",
    replace: "",
    breaks: "an event continues the line that a crash has cut, and both are lost",
    killedBy: ["administration/event_log_test.ts"],
  },
  {
    file: "administration/event_log.ts",
    find: "for (const { written } of waiting) written.reject(failure);",
    replace: "for (const { written } of waiting) written.resolve();",
    breaks: "an event that is not on disk counts as recorded",
    killedBy: ["administration/event_log_test.ts"],
  },
  {
    file: "administration/event_files.ts",
    find: "await Deno.remove(path);",
    replace: "",
    breaks: "the audit log grows without a bound",
    killedBy: ["administration/event_log_test.ts"],
  },
  {
    file: "server/api/authorization.ts",
    find: "repository !== undefined &&\n    repositories.includes(repository)",
    replace: "repository !== undefined",
    breaks: "an upload token is good for every repository",
    killedBy: [
      "server/api/authorization_test.ts: an upload token may call only what uploads in its repositories need",
    ],
  },
  {
    file: "server/api/authorization.ts",
    find: 'purpose === "upload" && right === "upload" && repository',
    replace: 'purpose === "upload" && repository',
    breaks: "an upload token is good for whatever names its repository",
    killedBy: [
      "server/api/authorization_test.ts: an upload token may call only what uploads in its repositories need",
    ],
  },
  {
    file: "server/api/authorization.ts",
    find: 'if (right === "builder" && purpose === "builder")',
    replace: 'if (purpose === "builder")',
    breaks: "a builder may do everything",
    killedBy: [
      "server/api/authorization_test.ts: a builder's token may call only what builders need",
    ],
  },
  {
    file: "server/api/authorization.ts",
    find: 'if (right === "builder" && purpose === "builder")',
    replace: 'if (right === "builder")',
    breaks: "whoever may upload may build",
    killedBy: [
      "server/api/authorization_test.ts: a builder's token may call only what builders need",
    ],
  },
  {
    file: "server/api/router.ts",
    find: "      await recordChange(response,",
    replace: "      recordChange(response,",
    breaks: "a change that cannot be recorded is a success",
    killedBy: [
      "server/api/authorization_test.ts: a change that cannot be recorded is not reported as a success",
    ],
  },
  {
    file: "platform/observability/redaction.ts",
    find: "|pkgstash_|",
    replace: "|",
    breaks: "tokens get into the log",
    killedBy: [
      "server/api/authorization_test.ts: no token's secret gets into the log, wherever it was sent",
    ],
  },
  {
    file: "app.ts",
    find: "readPassphrase: () => readCredential(PASSPHRASE_CREDENTIAL),",
    replace: "readPassphrase: () => PASSPHRASE_CREDENTIAL && null,",
    breaks: "the passphrase of the service locks nothing",
    killedBy: ["app/signing_passphrase_test.ts"],
  },
  {
    file: "server/files/public_keys.ts",
    find: "isVerified(each) && publicKeysPath(each) === path",
    replace: 'path.endsWith(".gpg") && each !== null',
    breaks: "any path that ends like one of keys gives the keys",
    killedBy: ["app/public_keys_test.ts: no trick with the path reaches another key, or a file"],
  },
  {
    file: "administration/tokens.ts",
    find: "if (isTaken || RESERVED_NAMES.includes(name)) {",
    replace: "if (isTaken) {",
    breaks: "a token is called administrator in the audit log",
    killedBy: [
      "administration/tokens_test.ts: no two tokens have the same name, so the audit log is unambiguous",
    ],
  },
  {
    file: "publishing/signing/key_files.ts",
    find: "await writeFileDurably(join(this.#private, name), armored, { mode: 0o600 });",
    replace: "await writeFileDurably(join(this.#private, name), armored);",
    breaks: "everybody can read the private keys",
    killedBy: [
      "publishing/signing/signing_test.ts: private keys are accessible only to their owner, whatever the umask",
    ],
  },
  {
    file: "publishing/signing/signing_key.ts",
    find: "if (passphrase === null) return this.#key.armor();",
    replace: "return this.#key.armor();",
    breaks: "private keys are not locked with the passphrase",
    killedBy: [
      "publishing/signing/signing_test.ts: a key on disk is locked with the passphrase, and useless without it",
    ],
  },
  {
    file: "publishing/signing/signing.ts",
    find: "if (passphrase !== null && !key.wasLocked) {",
    replace: "if (passphrase === null) {",
    breaks: "a key that is there before the passphrase is never locked",
    killedBy: [
      "publishing/signing/signing_test.ts: a key older than the passphrase is locked with it",
    ],
  },
  {
    file: "publishing/signing/signing.ts",
    find: "({ signsFrom }) => signsFrom <= this.#clock.now()",
    replace: "() => true",
    breaks: "a rotated key signs before clients have it",
    killedBy: [
      "publishing/signing/signing_test.ts: clients have a rotated key before it signs, and keep the former one afterwards",
    ],
  },
  {
    file: "publishing/signing/signing_key.ts",
    find: "if (ALGORITHMS.includes(algorithm)) return",
    replace: "if (algorithm !== null) return",
    breaks: "a key signs in a time that depends on it",
    killedBy: ["publishing/signing/signing_test.ts: a key that cannot sign is not imported"],
  },
  {
    file: "publishing/signing/signature_packet.ts",
    find: "  await hashed.verify(keyPacket, enums.signature.binary, null, date, true);\n",
    replace: "  void enums;\n",
    breaks: "a signature is good without a look at the file",
    killedBy: [
      "publishing/signing/signing_test.ts: a signature is accepted only if every key that made it is trusted",
    ],
  },
  {
    file: "publishing/signing/trusted_keys.ts",
    find: "if (key.isPrivate()) throw",
    replace: "if (false) throw",
    breaks: "a private key that was sent by mistake is stored for everybody",
    killedBy: [
      "publishing/signing/signing_test.ts: a private key is refused as a key to trust",
    ],
  },
  {
    file: "server/api/authorization.ts",
    find: "if (uploadTokens.length === 0 || uploadTokens.includes(name)) return null;",
    replace: "return null;",
    breaks: "every token may publish where upload_tokens names others",
    killedBy: [
      "server/api/authorization_test.ts: an upload token is limited by upload_tokens, and in the number and size of its open uploads",
    ],
  },
  {
    file: "publishing/uploads.ts",
    find: "if (total <= uploader.maxBytes) return;",
    replace: "return;",
    breaks: "an upload token can fill the disk",
    killedBy: [
      "server/api/authorization_test.ts: an upload token is limited by upload_tokens, and in the number and size of its open uploads",
    ],
  },
  {
    file: "publishing/uploads.ts",
    find: "open >= uploader.maxUploads",
    replace: "false",
    breaks: "an upload token can have any number of uploads open",
    killedBy: [
      "server/api/authorization_test.ts: an upload token is limited by upload_tokens, and in the number and size of its open uploads",
    ],
  },
];
