"""The texts of the clients, word for word: people search for them."""

from networking.access.client_output import ClientOutput, client_output

HOST = "mycontainerregistry.azurecr.io"


def test_a_refused_client_prints_what_the_documents_show() -> None:
    assert client_output(registry="myContainerRegistry", login_server=HOST, address="198.51.100.7", allowed=False) == (
        ClientOutput(
            "docker login mycontainerregistry.azurecr.io",
            "Error response from daemon: login attempt to https://mycontainerregistry.azurecr.io/v2/ "
            "failed with status: 403 Forbidden",
        ),
        ClientOutput(
            "docker pull mycontainerregistry.azurecr.io/hello-world:v1",
            "Error response from daemon: pull access denied for mycontainerregistry.azurecr.io/hello-world, "
            "repository does not exist or may require 'docker login': denied: client with IP '198.51.100.7' "
            "is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
        ),
        ClientOutput(
            "az acr login --name myContainerRegistry",
            "ERROR: Looks like you don't have access to registry 'mycontainerregistry.azurecr.io'. "
            "To see configured firewall rules, run 'az acr show --query networkRuleSet --name myContainerRegistry'. "
            "To see if public network access is enabled, run 'az acr show --query publicNetworkAccess'."
            "Please refer to https://aka.ms/acr/errors#connectivity_forbidden_error for more information.",
        ),
    )


def test_an_allowed_client_comes_to_sign_in() -> None:
    assert client_output(registry="myregistry", login_server=HOST, address="198.51.100.7", allowed=True) == (
        ClientOutput("docker login mycontainerregistry.azurecr.io", "Username:\nPassword:\nLogin Succeeded"),
        ClientOutput(
            "docker pull mycontainerregistry.azurecr.io/hello-world:v1",
            "v1: Pulling from hello-world\n…\n"
            "Status: Downloaded newer image for mycontainerregistry.azurecr.io/hello-world:v1\n"
            "mycontainerregistry.azurecr.io/hello-world:v1",
        ),
        ClientOutput("az acr login --name myregistry", "Login Succeeded"),
    )
