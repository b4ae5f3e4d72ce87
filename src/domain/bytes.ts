const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** `512kB`, `10MB`, `1.5GiB` → bytes; undefined where the text is none. */
export const parseBytes = (text: string): number | undefined => {
  const [, amount, unit] = /^(\d{1,15}(?:\.\d{1,6})?) ?([kKMGT]?i?B)$/.exec(text) ?? []
  const factor = unit === undefined ? undefined : units[unit === 'KB' ? 'kB' : unit]
  return factor === undefined ? undefined : Math.round(Number(amount) * factor)
}

/** Bytes → `12 B`, `3.4 MB`, for people. */
export const formatBytes = (bytes: number): string => {
  const names = ['B', 'kB', 'MB', 'GB', 'TB']
  let amount = bytes
  let unit = 0
  while (amount >= 999.5 && unit < names.length - 1) {
    amount /= 1_000
    unit += 1
  }
  const shown = unit === 0 || amount >= 99.95 ? amount.toFixed(0) : String(Number(amount.toFixed(1)))
  return `${shown} ${names[unit]}`
}
