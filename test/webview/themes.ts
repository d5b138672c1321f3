/** Colours of VS Code's four default themes, as far as the panel uses them. In VS Code they are variables of the page. */
export type Theme = 'dark' | 'light' | 'high-contrast' | 'high-contrast-light';

export const bodyClass: Readonly<Record<Theme, string>> = { dark: 'vscode-dark', light: 'vscode-light', 'high-contrast': 'vscode-high-contrast', 'high-contrast-light': 'vscode-high-contrast-light' };

const fonts = { 'font-family': 'system-ui, "Ubuntu", "Droid Sans", sans-serif', 'editor-font-family': '"Droid Sans Mono", "monospace", monospace' };

export const themes: Readonly<Record<Theme, Readonly<Record<string, string>>>> = {
  dark: {
    ...fonts, 'debugTokenExpression-string': '#ce9178', 'editor-background': '#1f1f1f', 'editor-foreground': '#cccccc', descriptionForeground: '#9d9d9d', focusBorder: '#0078d4', 'widget-shadow': '#0000005c',
    'button-background': '#0078d4', 'button-foreground': '#ffffff', 'button-hoverBackground': '#026ec1', 'button-secondaryBackground': '#313131', 'button-secondaryForeground': '#cccccc', 'button-secondaryHoverBackground': '#3c3c3c',
    'textLink-foreground': '#4daafc', 'panel-border': '#2b2b2b', 'editorWidget-background': '#202020', 'editorWidget-foreground': '#cccccc', 'editorWidget-border': '#454545', 'panelTitle-activeBorder': '#0078d4', 'panelTitle-activeForeground': '#cccccc', 'panelTitle-inactiveForeground': '#9d9d9d',
    'charts-blue': '#59a4f9', 'charts-orange': '#d18616', 'charts-red': '#f14c4c', 'charts-green': '#89d185', 'editorWarning-foreground': '#cca700', 'editorError-foreground': '#f14c4c', 'editorInfo-foreground': '#59a4f9',
    'list-hoverBackground': '#2a2d2e', 'list-inactiveSelectionBackground': '#37373d', 'textCodeBlock-background': '#2b2b2b', 'textBlockQuote-background': '#2b2b2b', 'symbolIcon-classForeground': '#ee9d28', 'progressBar-background': '#0078d4',
    'input-background': '#313131', 'input-foreground': '#cccccc', 'input-border': '#3c3c3c', 'input-placeholderForeground': '#989898', 'dropdown-background': '#313131', 'dropdown-foreground': '#cccccc', 'dropdown-border': '#3c3c3c',
  },
  light: {
    ...fonts, 'debugTokenExpression-string': '#a31515', 'editor-background': '#ffffff', 'editor-foreground': '#3b3b3b', descriptionForeground: '#3b3b3b', focusBorder: '#005fb8', 'widget-shadow': '#00000029',
    'button-background': '#005fb8', 'button-foreground': '#ffffff', 'button-hoverBackground': '#0258a8', 'button-secondaryBackground': '#e5e5e5', 'button-secondaryForeground': '#3b3b3b', 'button-secondaryHoverBackground': '#cccccc',
    'textLink-foreground': '#005fb8', 'panel-border': '#e5e5e5', 'editorWidget-background': '#f8f8f8', 'editorWidget-foreground': '#3b3b3b', 'editorWidget-border': '#c8c8c8', 'panelTitle-activeBorder': '#005fb8', 'panelTitle-activeForeground': '#3b3b3b', 'panelTitle-inactiveForeground': '#3b3b3b',
    'charts-blue': '#0063d3', 'charts-orange': '#d18616', 'charts-red': '#e51400', 'charts-green': '#388a34', 'editorWarning-foreground': '#bf8803', 'editorError-foreground': '#e51400', 'editorInfo-foreground': '#0063d3',
    'list-hoverBackground': '#f2f2f2', 'list-inactiveSelectionBackground': '#e4e6f1', 'textCodeBlock-background': '#f8f8f8', 'textBlockQuote-background': '#f8f8f8', 'symbolIcon-classForeground': '#d67e00', 'progressBar-background': '#005fb8',
    'input-background': '#ffffff', 'input-foreground': '#3b3b3b', 'input-border': '#cecece', 'input-placeholderForeground': '#767676', 'dropdown-background': '#ffffff', 'dropdown-foreground': '#3b3b3b', 'dropdown-border': '#cecece',
  },
  'high-contrast': {
    ...fonts, 'debugTokenExpression-string': '#ce9178', 'editor-background': '#000000', 'editor-foreground': '#ffffff', descriptionForeground: '#ffffff', focusBorder: '#f38518', contrastBorder: '#6fc3df', contrastActiveBorder: '#f38518', 'button-border': '#6fc3df', 'button-foreground': '#ffffff', 'button-secondaryForeground': '#ffffff',
    'textLink-foreground': '#21a6ff', 'panel-border': '#6fc3df', 'editorWidget-background': '#0c141f', 'editorWidget-foreground': '#ffffff', 'editorWidget-border': '#6fc3df', 'panelTitle-activeBorder': '#6fc3df', 'panelTitle-activeForeground': '#ffffff', 'panelTitle-inactiveForeground': '#ffffff',
    'charts-blue': '#59a4f9', 'charts-orange': '#d18616', 'charts-red': '#f48771', 'charts-green': '#89d185', 'editorWarning-foreground': '#ffd370', 'editorError-foreground': '#f48771', 'editorInfo-foreground': '#59a4f9', 'textCodeBlock-background': '#000000', 'symbolIcon-classForeground': '#ee9d28', 'progressBar-background': '#6fc3df',
    'input-background': '#000000', 'input-foreground': '#ffffff', 'input-border': '#6fc3df', 'input-placeholderForeground': '#ffffffb3', 'dropdown-background': '#000000', 'dropdown-foreground': '#ffffff', 'dropdown-border': '#6fc3df',
  },
  'high-contrast-light': {
    ...fonts, 'debugTokenExpression-string': '#a31515', 'editor-background': '#ffffff', 'editor-foreground': '#292929', descriptionForeground: '#292929', focusBorder: '#006bbd', contrastBorder: '#0f4a85', contrastActiveBorder: '#006bbd', 'button-border': '#0f4a85',
    'button-background': '#0f4a85', 'button-foreground': '#ffffff', 'button-hoverBackground': '#0f4a85', 'button-secondaryBackground': '#ffffff', 'button-secondaryForeground': '#292929',
    'textLink-foreground': '#0f4a85', 'panel-border': '#0f4a85', 'editorWidget-background': '#ffffff', 'editorWidget-foreground': '#292929', 'editorWidget-border': '#0f4a85', 'panelTitle-activeBorder': '#b5200d', 'panelTitle-activeForeground': '#292929', 'panelTitle-inactiveForeground': '#292929',
    'charts-blue': '#0063d3', 'charts-orange': '#b15c00', 'charts-red': '#b5200d', 'charts-green': '#374e06', 'editorWarning-foreground': '#895503', 'editorError-foreground': '#b5200d', 'editorInfo-foreground': '#0063d3', 'textCodeBlock-background': '#f2f2f2', 'symbolIcon-classForeground': '#895503', 'progressBar-background': '#0f4a85',
    'input-background': '#ffffff', 'input-foreground': '#292929', 'input-border': '#0f4a85', 'input-placeholderForeground': '#292929b3', 'dropdown-background': '#ffffff', 'dropdown-foreground': '#292929', 'dropdown-border': '#0f4a85',
  },
};
