ROUTES = {
    "chats.list": "/api/v1/chats/",
    "chats.new": "/api/v1/chats/new",
    "chats.item": "/api/v1/chats/{id}",
}
