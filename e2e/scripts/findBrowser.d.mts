/** Finds a Chromium, or installs one. @returns its path, or what to do where there is none */
export function findBrowser():
  | { readonly path: string; readonly from: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string }
