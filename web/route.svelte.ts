const screens = ['keys', 'plan', 'run', 'after', 'old-keys', 'history', 'settings'] as const
export type Screen = (typeof screens)[number]
export interface Place {
  screen: Screen
  id?: string | undefined
}

/** Where a fragment leads: `#/run/ID`. Anything unknown is the home page. */
export function placeOf(hash: string): Place {
  const [, screen, id] = hash.replace(/^#/, '').split('/')
  const known = screens.find((name) => name === screen)
  if (!known) return { screen: 'keys' }
  if ((known === 'plan' || known === 'run') && !id) return { screen: 'keys' }
  return { screen: known, id: id ? safeDecode(id) : undefined }
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function hrefOf(screen: Screen, id?: string): string {
  return id === undefined ? `#/${screen}` : `#/${screen}/${encodeURIComponent(id)}`
}

/** The address bar as state. */
export class Route {
  place: Place = $state.raw({ screen: 'keys' })
  /** The screen holds what is not saved: leaving it is asked about first. */
  unsaved = $state(false)
  /** Where the person wanted to go meanwhile. */
  wanted: Place | undefined = $state.raw()

  go(screen: Screen, id?: string): void {
    location.hash = hrefOf(screen, id)
  }

  /** The same page under a newer id, such as a plan made anew: 'back' should not return to the outdated one. */
  replace(screen: Screen, id?: string): void {
    history.replaceState(null, '', hrefOf(screen, id))
    this.read()
  }

  read(): void {
    const place = placeOf(location.hash)
    if (this.unsaved && place.screen !== this.place.screen) {
      this.wanted = place
      history.replaceState(null, '', hrefOf(this.place.screen, this.place.id))
    } else this.place = place
  }

  /** Goes where the person wanted to, and lets go what is not saved. */
  leave(): void {
    const { wanted } = this
    this.stay()
    this.unsaved = false
    if (wanted) this.replace(wanted.screen, wanted.id)
  }

  stay(): void {
    this.wanted = undefined
  }
}
