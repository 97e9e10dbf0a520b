import { z } from "zod";
import { bytes, empty, endpoint } from "./endpoint.ts";
import { AFTER, LIMIT, NEXT, numberInQuery } from "./paging.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const VERSION = z.string().describe("Version and release.");
const GENERATION_NUMBER = z.int().min(1).describe("Number of a publication; it is never reused.");

const PACKAGE = z.object({
  name: z.string().describe("Package name."),
  version: VERSION,
  architecture: z.string().describe("any, or the architecture that it is for."),
  file: z.string().describe("File name."),
  bytes: COUNT.describe("Size of the package in bytes."),
  sha256: z.string().describe("SHA-256 of the package in hexadecimal."),
  added_at: TIMESTAMP.describe("When the package came."),
}).describe("A package of a repository of one's own.");

const CHANGE = z.object({
  kind: z.enum(["added", "removed", "upgraded", "downgraded", "replaced"]),
  name: z.string().describe("Package name."),
  architecture: z.string().describe("any, or the architecture that it is for."),
  from: VERSION.nullable().describe("The version before; null if it was not there."),
  to: VERSION.nullable().describe("The version since; null if it is gone."),
}).describe("What a publication did to a package.");

/** A publication, as everything that publishes reports it. */
export const GENERATION = z.object({
  number: GENERATION_NUMBER,
  published_at: TIMESTAMP,
  by: z.string().describe("Who published it."),
  action: z.string().describe("What was asked for, such as add or rollback to 3."),
  changes: z.array(CHANGE).describe("By name."),
}).describe("A publication of a repository.");

const PUBLICATION = z.object({
  generation: GENERATION.nullable().describe("Null if nothing had to change."),
  warnings: z.array(z.string()).describe("What to know although it was done."),
  debug: z.object({
    repository: z.string().describe("Name of the repository that they went to."),
    generation: GENERATION.nullable().describe("Null if nothing had to change."),
  }).optional().describe("What became of debug packages with a repository of their own."),
  waiting: COUNT.default(0).describe(
    "Number of files that await external signatures; nothing is published until they have them.",
  ),
}).describe("What a change of a repository became.");

const REPOSITORY = z.object({
  name: z.string().describe("The value of $repo."),
  architectures: z.array(z.string()).describe("The values of $arch."),
  client_path: z.string().describe("Path on this server."),
  signing: z.enum(["required", "external", "none"]).describe(
    "Whether and by whom packages and databases are signed: this server, someone else, or nobody.",
  ),
  generation: GENERATION_NUMBER.nullable().describe("The one that is served; null before any."),
  published_at: TIMESTAMP.nullable().describe("When that was published."),
  packages: COUNT.describe("Number of packages."),
  bytes: COUNT.describe("Their size."),
}).describe("A repository of packages of one's own.");

const CREATED = REPOSITORY.extend({
  configuration: z.string().describe("The table that describes it in the configuration file."),
}).describe("The repository was created.");

export type RepositoryReport = z.infer<typeof REPOSITORY>;
export type OwnPackageReport = z.infer<typeof PACKAGE>;
export type GenerationReport = z.infer<typeof GENERATION>;
export type PublicationReport = z.infer<typeof PUBLICATION>;

const repository = z.string().describe("Name of the repository.");
const upload = z.string().describe("Name of the upload, from when it was opened.");
const NO_REPOSITORY = "There is no such repository";

/** What the caller takes upon himself when packages join a repository. */
const CONSENT = {
  downgrade: z.boolean().default(false).describe("Whether older versions are allowed."),
  replace: z.boolean().default(false).describe(
    "Whether to allow a published version with different contents.",
  ),
  shadow: z.boolean().default(false).describe(
    "Whether to allow names of packages of mirrored repositories.",
  ),
};

export const LIST_REPOSITORIES = endpoint({
  method: "GET",
  path: "/api/v1/repositories",
  summary: "List the repositories of your own",
  query: { limit: LIMIT, after: AFTER },
  answers: {
    200: z.object({ repositories: z.array(REPOSITORY).describe("By name."), next: NEXT })
      .describe("The repositories of your own."),
  },
});

export const CREATE_REPOSITORY = endpoint({
  method: "POST",
  path: "/api/v1/repositories",
  summary: "Create a repository",
  isLong: true,
  body: z.strictObject({
    name: z.string().describe("Name, the value of $repo."),
    architectures: z.array(z.string()).optional().describe("Architectures; x86_64 by default."),
    client_path: z.string().optional().describe("Path on this server; $repo/os/$arch by default."),
    signing: z.string().optional().describe("required, which is the default, external or none."),
    keep_versions: COUNT.optional().describe("Number of former versions to keep for download."),
    keep_generations: COUNT.optional().describe("Number of publications to keep."),
    keep_days: COUNT.optional().describe("Number of days whose publications are all kept."),
    upload_tokens: z.array(z.string()).optional().describe(
      "Names of the upload tokens that may publish here; default: all that were created for it.",
    ),
  }),
  answers: { 201: CREATED },
  failures: { 409: "The name or the path is taken" },
});

export const SHOW_REPOSITORY = endpoint({
  method: "GET",
  path: "/api/v1/repositories/{repository}",
  summary: "Show a repository and its packages",
  right: "upload",
  isLong: true,
  pathParameters: { repository },
  query: {
    name: z.string().optional().describe(
      "Only packages with this name or file name. * and ? are wildcards.",
    ),
    limit: LIMIT,
    after: AFTER,
  },
  answers: {
    200: z.object({
      repository: REPOSITORY,
      packages: z.array(PACKAGE).describe("By name and architecture."),
      next: NEXT,
    })
      .describe("A repository and its packages."),
  },
  failures: { 404: NO_REPOSITORY },
});

export const OPEN_UPLOAD = endpoint({
  method: "POST",
  path: "/api/v1/repositories/{repository}/uploads",
  summary: "Open an upload, whose files will be published together",
  right: "upload",
  // Nothing is published by it, and an upload of many files would fill the audit log.
  isChange: false,
  isLong: true,
  pathParameters: { repository },
  answers: {
    201: z.object({ upload }).describe("The upload is open. It waits an hour for its next file."),
  },
  failures: { 404: NO_REPOSITORY },
});

export const UPLOAD_FILE = endpoint({
  method: "PUT",
  path: "/api/v1/repositories/{repository}/uploads/{upload}/{file}",
  summary: "Upload a package or its signature",
  right: "upload",
  isChange: false,
  isLong: true,
  pathParameters: {
    repository,
    upload,
    file: z.string().describe("File name, as makepkg writes it."),
  },
  body: bytes("The file."),
  answers: {
    200: z.object({ package: PACKAGE.nullable().describe("Null for a signature.") })
      .describe("The file was received and is what its name says; nothing is published yet."),
  },
  failures: {
    404: "There is no such repository or upload",
    409: "The file is already being uploaded",
  },
});

export const PUBLISH_UPLOAD = endpoint({
  method: "POST",
  path: "/api/v1/repositories/{repository}/uploads/{upload}/publish",
  summary: "Publish an upload",
  right: "upload",
  isLong: true,
  pathParameters: { repository, upload },
  body: z.strictObject(CONSENT),
  answers: { 200: PUBLICATION },
  failures: {
    404: "There is no such repository or upload",
    409: "A package was refused and nothing changed; the upload stays open",
  },
});

export const ABANDON_UPLOAD = endpoint({
  method: "DELETE",
  path: "/api/v1/repositories/{repository}/uploads/{upload}",
  summary: "Drop an upload",
  right: "upload",
  isChange: false,
  pathParameters: { repository, upload },
  answers: { 204: empty("The upload is gone.") },
  failures: { 404: "There is no such repository or upload" },
});

export const PROMOTE_PACKAGES = endpoint({
  method: "POST",
  path: "/api/v1/repositories/{repository}/promote",
  summary: "Publish packages of a repository in another one",
  isLong: true,
  maxBodyBytes: 64 * 1024,
  pathParameters: { repository },
  body: z.strictObject({
    packages: z.array(z.string()).min(1).describe("Names of the packages."),
    to: z.string().describe("Name of the other repository."),
    move: z.boolean().default(false).describe("Whether they leave the repository."),
    force: z.boolean().default(false).describe("Whether they leave it even if others need them."),
    ...CONSENT,
  }),
  answers: { 200: PUBLICATION.describe("What the other repository became.") },
  failures: {
    404: "There is no such repository or package",
    409: "A package was refused, and nothing was changed",
  },
});

export const REMOVE_PACKAGES = endpoint({
  method: "POST",
  path: "/api/v1/repositories/{repository}/remove",
  summary: "Remove packages from a repository",
  isLong: true,
  maxBodyBytes: 64 * 1024,
  pathParameters: { repository },
  body: z.strictObject({
    packages: z.array(z.string()).min(1).describe("Names of the packages."),
    force: z.boolean().default(false).describe("Whether others of the repository may need them."),
  }),
  answers: { 200: PUBLICATION },
  failures: {
    404: "There is no such repository or package",
    409: "Other packages of the repository need one of them, and nothing was changed",
  },
});

export const VERIFY_REPOSITORY = endpoint({
  method: "POST",
  path: "/api/v1/repositories/{repository}/verify",
  summary: "Verify everything that a repository serves",
  isChange: false,
  isLong: true,
  pathParameters: { repository },
  answers: {
    200: z.object({
      packages: COUNT.describe("Number of packages that were read."),
      bytes: COUNT.describe("Their size."),
      faults: z.array(z.object({
        file: z.string().describe("Name of the file."),
        reason: z.string().describe("What is wrong with it."),
      })).describe("The files that are not what was published."),
    }).describe("What was found."),
  },
  failures: { 404: NO_REPOSITORY },
});

export const PUBLISH_KEYRING = endpoint({
  method: "POST",
  path: "/api/v1/repositories/{repository}/keyring",
  summary: "Publish the signing keys as a package",
  pathParameters: { repository },
  answers: { 200: PUBLICATION },
  failures: { 404: NO_REPOSITORY, 409: "The repository is not signed" },
});

const WAITING_FILE = z.object({
  name: z.string().describe("Its name: that of a package, or of a database such as x86_64.db."),
  path: z.string().describe("Path on this server to fetch it from."),
  bytes: COUNT.describe("Size in bytes."),
  sha256: z.string().describe("SHA-256 in hexadecimal."),
  signed: z.boolean().describe("Whether its signature is here."),
}).describe("A file that waits.");

export type WaitingFileReport = z.infer<typeof WAITING_FILE>;

export const SHOW_WAITING = endpoint({
  method: "GET",
  path: "/api/v1/repositories/{repository}/waiting",
  summary: "List the files that await signatures",
  right: "upload",
  isLong: true,
  pathParameters: { repository },
  answers: {
    200: z.object({
      by: z.string().nullable().describe("Who asked for the publication; null if nothing waits."),
      action: z.string().nullable().describe("What was asked for; null if nothing waits."),
      files: z.array(WAITING_FILE).describe("The databases, then the packages."),
    }).describe("The next publication."),
  },
  failures: { 404: NO_REPOSITORY },
});

export const SIGN_WAITING = endpoint({
  method: "PUT",
  path: "/api/v1/repositories/{repository}/waiting/{file}",
  summary: "Add the signature of a file that awaits one",
  right: "upload",
  isLong: true,
  pathParameters: {
    repository,
    file: z.string().describe("Name of the signature: that of the file and .sig."),
  },
  body: bytes("The detached binary signature."),
  answers: { 200: PUBLICATION.describe("What was published, if that was the last signature.") },
  failures: {
    404: "There is no such repository, or no such file awaits a signature",
    409: "A signature is no longer valid",
  },
});

export const DISCARD_WAITING = endpoint({
  method: "DELETE",
  path: "/api/v1/repositories/{repository}/waiting",
  summary: "Discard the changes that await signatures",
  isLong: true,
  pathParameters: { repository },
  answers: {
    200: z.object({
      by: z.string().describe("Who asked for the publication that was discarded."),
      action: z.string().describe("What was asked for."),
      changes: z.array(CHANGE).describe("What it would have changed, by name."),
    }).describe("It is gone, and what is published stays."),
  },
  failures: { 404: NO_REPOSITORY, 409: "Nothing awaits signatures" },
});

export type DiscardedReport = z.infer<typeof DISCARD_WAITING["answers"][200]>;

export const SHOW_HISTORY = endpoint({
  method: "GET",
  path: "/api/v1/repositories/{repository}/history",
  summary: "List the publications of a repository",
  right: "upload",
  isLong: true,
  pathParameters: { repository },
  query: {
    limit: LIMIT,
    before: numberInQuery(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).describe(
      "Only publications with lower numbers than this: the `next` of the page before.",
    ),
  },
  answers: {
    200: z.object({
      generations: z.array(GENERATION).describe("Newest first."),
      next: GENERATION_NUMBER.nullable().describe(
        "Pass it as `before` for the next page; null on the last one.",
      ),
    }).describe("The publications that are kept."),
  },
  failures: { 404: NO_REPOSITORY },
});

export const ROLL_BACK = endpoint({
  method: "POST",
  path: "/api/v1/repositories/{repository}/rollback",
  summary: "Publish the packages of an earlier publication again",
  isLong: true,
  pathParameters: { repository },
  body: z.strictObject({ generation: GENERATION_NUMBER }),
  answers: { 200: PUBLICATION },
  failures: { 404: "There is no such repository or publication" },
});
