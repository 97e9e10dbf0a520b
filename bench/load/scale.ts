/** How large everything is whose size is not the point of a comparison between subjects. */
export interface Scale {
  readonly hugeMebibytes: number;
  /** Of the huge file. */
  readonly slowReaders: number;
  readonly databasePackages: number;
  /** Of one `pacman -Syu`. */
  readonly updatedPackages: number;
  /** In the cache of an instance that starts. */
  readonly cachedPackages: number;
}

export const FULL_SCALE: Scale = {
  hugeMebibytes: 1024,
  slowReaders: 500,
  databasePackages: 15_000,
  updatedPackages: 50,
  cachedPackages: 100_000,
};

/** Enough to show that everything works. */
export const SHORT_SCALE: Scale = {
  hugeMebibytes: 128,
  slowReaders: 60,
  databasePackages: 1_000,
  updatedPackages: 30,
  cachedPackages: 1_000,
};
