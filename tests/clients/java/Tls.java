import java.io.FileInputStream;
import java.security.*;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

/**
 * Mutual TLS on loopback in one process: the client's key lives in the module, the server's in a file.
 * java Tls.java CONFIGURATION PASSWORD SERVER.p12 SERVER-CA.pem CLIENT-CA.pem PROTOCOL
 */
public class Tls {
    public static void main(String[] arguments) throws Exception {
        String protocol = arguments[5];
        char[] password = arguments[1].toCharArray();
        Provider provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        // JSSE looks for the provider of a key among those that are registered.
        Security.addProvider(provider);
        KeyStore token = KeyStore.getInstance("PKCS11", provider);
        token.load(null, password);
        KeyStore file = KeyStore.getInstance("PKCS12");
        file.load(new FileInputStream(arguments[2]), password);

        SSLContext serving = context(keys(file, password), trust(arguments[4]));
        SSLContext asking = context(keys(token, null), trust(arguments[3]));
        var listener = (SSLServerSocket) serving.getServerSocketFactory()
                .createServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
        listener.setNeedClientAuth(true);
        listener.setEnabledProtocols(new String[] {protocol});

        var served = new java.util.concurrent.FutureTask<>(() -> {
            try (var peer = (SSLSocket) listener.accept()) {
                peer.startHandshake();
                var seen = (X509Certificate) peer.getSession().getPeerCertificates()[0];
                int said = peer.getInputStream().read();
                peer.getOutputStream().write(said + 1);
                return seen;
            }
        });
        new Thread(served).start();
        try (var socket = (SSLSocket) asking.getSocketFactory()
                .createSocket(java.net.InetAddress.getLoopbackAddress(), listener.getLocalPort())) {
            socket.setEnabledProtocols(new String[] {protocol});
            socket.startHandshake();
            socket.getOutputStream().write(41);
            if (socket.getInputStream().read() != 42) throw new IllegalStateException("no answer");
            System.out.println(socket.getSession().getProtocol() + " " + socket.getSession().getCipherSuite());
        } catch (java.io.IOException broken) {
            served.get(); // says why, if it was the server
            throw broken;
        }
        System.out.println("the server saw serial " + served.get().getSerialNumber());
    }

    private static SSLContext context(KeyManager[] keys, TrustManager[] trust) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust, null);
        return context;
    }

    private static KeyManager[] keys(KeyStore store, char[] password) throws Exception {
        // SunX509 takes any key, also the km key, which signs nothing; this one looks at keyUsage.
        var keys = KeyManagerFactory.getInstance("NewSunX509");
        keys.init(store, password);
        return keys.getKeyManagers();
    }

    private static TrustManager[] trust(String authority) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (var in = new FileInputStream(authority)) {
            store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        // Korean certificates carry qualifiers in a critical policies extension, which Java refuses unless it is told that
        // somebody has looked at them.
        var rules = new PKIXBuilderParameters(store, new X509CertSelector());
        rules.setPolicyQualifiersRejected(false);
        rules.setRevocationEnabled(false);
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(new CertPathTrustManagerParameters(rules));
        return trust.getTrustManagers();
    }
}
