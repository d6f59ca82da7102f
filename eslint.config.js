import globals from 'globals'
import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'

/** Why a layer may not import another; the message is what a contributor reads. */
const forbid = (patterns) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
})
const sdk = {
  regex: '^(@aws-sdk|@smithy|@aws-crypto)/',
  message: 'Only server/aws and server/sandbox know the AWS SDK: go through a port.',
}
const fastify = {
  regex: '^(@fastify/|fastify$)',
  message: 'Only routes.ts files and server/http know Fastify.',
}
/** Calls that change something, called, handed on or taken out of their port anywhere but where they are asked for first. */
const changing = (verbs, message) =>
  [
    `MemberExpression[property.name=/^(${verbs})$/]`,
    `MemberExpression[property.value=/^(${verbs})$/]`,
    `ObjectPattern > Property[key.name=/^(${verbs})$/]`,
    `ObjectPattern > Property[key.value=/^(${verbs})$/]`,
  ].map((selector) => ({ selector, message }))
const ofKeys = changing(
  'createKey|setKeyStatus|deleteKey|swap|cutOut|putBack|removeOld',
  'Only rotation/acts.ts changes keys, files and what is kept of a pair: there the interlock is asked first.',
)
const ofUsers = changing(
  'setStatus|putPolicy|removePolicy',
  'Only credentials/acts.ts changes what a user has beside keys: there each act is journaled first.',
)
const restricted = (...selectors) => ({ 'no-restricted-syntax': ['error', ...selectors] })
/** At the root of server/ the rooms are beside the file: there `./` leads into them. */
const layer = (names, message) => ({ regex: `^(\\./|(\\.\\./)+)(${names})/`, message })

export default ts.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'coverage/',
      'test-results/',
      'playwright-report/',
      'reports/',
      '.stryker-tmp/',
      '**/.venv/',
    ],
  },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.node } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { globals: { ...globals.browser }, parserOptions: { parser: ts.parser } },
    rules: { 'svelte/no-at-html-tags': 'error' },
  },
  { files: ['web/**/*.ts'], languageOptions: { globals: { ...globals.browser } } },
  {
    files: ['web/**'],
    rules: forbid([
      {
        regex: '/server/(?!api/)',
        message: 'The page takes types from server/api and nothing else of the server.',
      },
      {
        regex: '/server/api/',
        allowTypeImports: true,
        message: 'Types only: schemas would travel to the browser.',
      },
      sdk,
    ]),
  },
  {
    files: ['shared/**'],
    rules: forbid([
      {
        regex: '^(?!\\./|vitest$)',
        message: 'shared/ is what both ends agree on: pure, and beside nothing else.',
      },
    ]),
  },
  {
    files: ['server/**/*.ts'],
    ignores: [
      '**/*.test.ts',
      '**/testing/**',
      'server/main.ts',
      'server/engine/**',
      'server/http/**',
      'server/**/routes.ts',
      'server/aws/**',
      'server/sandbox/**',
      'server/commands/**',
    ],
    rules: forbid([
      sdk,
      fastify,
      layer(
        'aws|sandbox|http|commands|engine',
        'Services and the pure core reach AWS, HTTP and the commands by ports alone.',
      ),
    ]),
  },
  {
    files: ['server/engine/**/*.ts'],
    rules: forbid([
      sdk,
      fastify,
      layer('http|commands', 'The engine puts the adapters behind the ports; who drives it is above it.'),
    ]),
  },
  {
    files: ['server/api/**/*.ts'],
    rules: forbid([
      { regex: '^\\.\\./(?!\\.\\./shared/)', message: 'The contract imports nothing of ours but shared/.' },
      sdk,
      fastify,
    ]),
  },
  {
    files: ['server/aws/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: forbid([
      fastify,
      layer('http|sandbox|commands', 'The AWS adapter implements ports; it knows no other edge.'),
    ]),
  },
  {
    files: ['server/sandbox/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**'],
    rules: forbid([
      fastify,
      {
        regex: '^@aws-sdk/',
        message: 'The embedded IAM is a server: it must not share code with the client it tests.',
      },
      layer('aws|http|rotation|keys|profiles|commands', 'The embedded IAM stands alone, as AWS does.'),
    ]),
  },
  {
    files: ['server/platform/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: forbid([
      sdk,
      fastify,
      layer(
        'aws|http|sandbox|rotation|keys|profiles|commands',
        'The platform knows files and processes, nothing of ours.',
      ),
    ]),
  },
  {
    files: ['server/profiles/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**', '**/routes.ts'],
    rules: forbid([
      sdk,
      fastify,
      layer('aws|http|sandbox|rotation|keys|commands', 'profiles/ is below keys/ and rotation/.'),
    ]),
  },
  {
    files: ['server/keys/**/*.ts'],
    ignores: ['**/*.test.ts', '**/testing/**', '**/routes.ts'],
    rules: forbid([sdk, fastify, layer('aws|http|sandbox|rotation|commands', 'keys/ is below rotation/.')]),
  },
  {
    files: ['server/**/*.ts'],
    ignores: [
      '**/*.test.ts',
      '**/testing/**',
      'server/aws/**',
      'server/sandbox/**',
      'server/{rotation,credentials}/acts.ts',
    ],
    rules: restricted(...ofKeys, ...ofUsers),
  },
  { files: ['server/rotation/acts.ts'], rules: restricted(...ofUsers) },
  { files: ['server/credentials/acts.ts'], rules: restricted(...ofKeys) },
  { files: ['**/*.{js,mjs}', 'e2e/**', '**/*.test.ts', '**/testing/**'], rules: { 'no-console': 'off' } },
)
