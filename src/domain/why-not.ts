import { messageOf } from './errors.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'its permissions do not allow it',
  EPERM: 'its permissions do not allow it',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'too many files are open',
}

/** Why a file could not be read or written, in words. */
export const whyNot = (error: unknown): string => {
  const { code } = error as { code?: unknown }
  return (typeof code === 'string' ? reasons[code] : undefined) ?? messageOf(error)
}
