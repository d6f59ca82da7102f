/** Who a code comes from: the system's are written ECONNREFUSED, AWS's AccessDenied. */
export const speaker = (code: string | undefined): 'The system' | 'AWS' =>
  /^E[A-Z0-9_]+$/.test(code ?? '') ? 'The system' : 'AWS'
