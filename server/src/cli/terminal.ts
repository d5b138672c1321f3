/**
 * Text whose names, keys and statements come from elsewhere, for a terminal: control characters in it would drive the terminal, or
 * forge lines. Colours, line ends and tabs stay.
 */
export const forTerminal = (text: string): string => text.replace(/\u001b(?!\[\d{1,2}m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g, '\uFFFD');
