import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

// Imports go down: routes -> features -> components -> lib. A feature never reaches into another.
const below = (...rooms) => ({
  'no-restricted-imports': ['error', { patterns: rooms.map((room) => ({ group: [`@/${room}/*`, `@/${room}`] })) }],
});

export default tseslint.config(
  { ignores: ['dist'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  jsxA11y.flatConfigs.recommended,
  reactHooks.configs.flat.recommended,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/only-throw-error': ['error', { allow: ['Redirect', 'NotFoundError'] }],
    },
  },
  { files: ['src/features/**'], rules: below('features', 'routes') },
  { files: ['src/components/**'], rules: below('features', 'routes') },
  { files: ['src/lib/**'], rules: below('components', 'features', 'routes') },
  { files: ['eslint.config.js'], ...tseslint.configs.disableTypeChecked },
);
