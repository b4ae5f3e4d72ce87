/** What a child may know of its parent: where programs are, which language, and how to reach a package index. */
const plainNames = new Set([
  'PATH',
  'LANG',
  'LANGUAGE',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'PYENV_ROOT',
  'PYENV_VERSION',
])
const installerPrefix = /^(PIP|UV)_/
const secretWord = /TOKEN|PASSWORD|SECRET|CREDENTIAL|PUBLISH|NETRC|KEYRING/

const mayPass = (name: string): boolean =>
  plainNames.has(name.toUpperCase()) || (installerPrefix.test(name) && !secretWord.test(name))

/**
 * The environment of a child process, from an allow-list: programs' path, locale, temporary folder, proxies,
 * certificate files and the installers' settings. Credentials, HOME and PYTHON* never pass, PYTHONDONTWRITEBYTECODE
 * among them (without compiled files each start of Python pays for its imports again). `extra` wins.
 */
export const scrubbedEnvironment = (extra: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined && mayPass(name)) environment[name] = value
  return { ...environment, ...extra }
}
