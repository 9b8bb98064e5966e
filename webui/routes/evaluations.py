ROUTES = {
    "evaluations.config": "/api/v1/evaluations/config",
    "feedbacks.all": "/api/v1/evaluations/feedbacks/all",
    "feedbacks.ids": "/api/v1/evaluations/feedbacks/all/ids",
    "feedbacks.export": "/api/v1/evaluations/feedbacks/all/export",
    "feedbacks.own": "/api/v1/evaluations/feedbacks/user",
    "feedbacks.list": "/api/v1/evaluations/feedbacks/list",
    "feedbacks.leaderboard": "/api/v1/evaluations/leaderboard",
    "feedbacks.delete_own": "/api/v1/evaluations/feedbacks",
    "feedbacks.create": "/api/v1/evaluations/feedback",
    "feedbacks.item": "/api/v1/evaluations/feedback/{id}",
}
