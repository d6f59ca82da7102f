import { mount } from 'svelte'
import { Api } from './api.ts'
import App from './App.svelte'
import './base.css'
import { Clock } from './clock.svelte.ts'
import { Context } from './context.svelte.ts'
import { Live } from './live.svelte.ts'
import { Route } from './route.svelte.ts'
import { Session } from './session/session.svelte.ts'
import './tokens.css'

const api = new Api()
const live = new Live(api)
const context = new Context(api, live, new Route(), new Clock())
const session = new Session(context)
const target = document.getElementById('app')
if (!target) throw new Error('The page has no #app')

mount(App, { target, props: { context, session } })
session.start()
