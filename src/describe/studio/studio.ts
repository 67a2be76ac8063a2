import type { Page, Service } from '../../transport/http/endpoint.ts'
import { Activity } from './activity.ts'
import { authorsService } from './authors-service.ts'
import { budgetsService } from './admin/budgets-service.ts'
import { jobServices } from './admin/jobs-service.ts'
import { lookAsService } from './access/look-as.ts'
import { modelReport } from './model-report.ts'
import { queryService } from './query-service.ts'
import { matrixService } from './access/role-matrix.ts'
import { commitReport, serverReport, subscriptionReport } from './server-report.ts'
import { sessionServices } from './admin/sessions-service.ts'
import { readsStudio } from './studio-service.ts'
import type { StudioOptions } from './studio-options.ts'
import type { StudioSubject } from './studio-subject.ts'
import { studioEditorPage, studioPage, type StudioSettings } from './studio-page.ts'
import { verdictService } from './access/verdicts.ts'

/** The page of the studio, and the services that answer what it asks beyond the public API, each under the studio's own rules. */
export function studio(
  path: string,
  settings: StudioSettings,
  rules: Required<StudioOptions>,
  shown: StudioSubject,
): { readonly pages: readonly Page[]; readonly services: readonly Service[] } {
  const activity = new Activity(shown.live, shown.engine.clock)
  return {
    pages: [studioPage(path, settings), studioEditorPage(path)],
    services: [
      readsStudio(`${path}/model`, rules, (who, may) => modelReport(shown, who, may)),
      readsStudio(`${path}/server`, rules, () => serverReport(shown, activity)),
      readsStudio(`${path}/subscriptions`, rules, () => subscriptionReport(shown)),
      readsStudio(`${path}/commits`, rules, () => commitReport(shown)),
      queryService(`${path}/query`, rules, shown),
      authorsService(`${path}/authors`, rules, shown),
      budgetsService(`${path}/budgets`, rules, shown),
      verdictService(`${path}/verdicts`, rules, shown),
      matrixService(`${path}/matrix`, rules, shown),
      ...jobServices(`${path}/jobs`, rules, shown),
      ...sessionServices(`${path}/sessions`, rules, shown),
      ...(shown.auth?.login ? [lookAsService(`${path}/look-as`, rules, shown.auth)] : []),
    ],
  }
}
