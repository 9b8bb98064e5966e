# The contract calls a reply that is being generated a task.
ROUTES = {
    "runs.list": "/api/tasks",
    "runs.of_chat": "/api/tasks/chat/{chat_id}",
    "runs.stop": "/api/tasks/stop/{task_id}",
    "runs.events": "/api/tasks/{task_id}/events",
    "events": "/api/v1/events",
    "chat.completed": "/api/chat/completed",
    "chat.action": "/api/chat/actions/{action_id}",
}
