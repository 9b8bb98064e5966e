ROUTES = {
    "auths.session": "/api/v1/auths/",
    "auths.signin": "/api/v1/auths/signin",
    "auths.signup": "/api/v1/auths/signup",
    "auths.signout": "/api/v1/auths/signout",
    "auths.profile": "/api/v1/auths/update/profile",
    "auths.add": "/api/v1/auths/add",
    "auths.password": "/api/v1/auths/update/password",
    "auths.admin_details": "/api/v1/auths/admin/details",
    "auths.admin_config": "/api/v1/auths/admin/config",
    "auths.ldap": "/api/v1/auths/admin/config/ldap",
    "auths.ldap_server": "/api/v1/auths/admin/config/ldap/server",
}
